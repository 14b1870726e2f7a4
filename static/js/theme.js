// Applies the chosen theme before the first paint, and lets the button change it.
// A classic script on purpose: a module would run after the page is drawn in the other theme.
(() => {
  const KEY = "cryptodt-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const account = root.dataset.accountTheme ?? "system";
  const usual = () => (system.matches ? "dark" : "light");

  // The button counts on this device until the account gets another theme.
  const chosen = () => {
    // Storage can be switched off; the page then follows the account and the system.
    try {
      const [theme, over = "system"] = (localStorage.getItem(KEY) ?? "").split(" ");
      return theme && over === account ? theme : null;
    } catch {
      return null;
    }
  };

  const apply = () => {
    root.dataset.theme = chosen() ?? (account === "system" ? usual() : account);
  };

  const toggle = () => {
    const next = root.dataset.theme === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    try {
      localStorage.setItem(KEY, `${next} ${account}`);
    } catch {
      // The choice then lasts until the page is left.
    }
  };

  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-theme-toggle]")) toggle();
  });
})();
