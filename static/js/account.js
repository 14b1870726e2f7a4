// The account's pages: the person menu, and buttons that copy what is shown once.

import "./header.js";

const SHOWN_FOR = 2_000;

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.querySelector("[data-copy-from]");
  const label = button.textContent;
  const say = (text) => {
    button.textContent = text;
    setTimeout(() => (button.textContent = label), SHOWN_FOR);
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.innerText.trim());
      say("Copied");
    } catch {
      // Without https a browser gives no clipboard; what is selected can still be copied by hand.
      getSelection().selectAllChildren(source);
      say("Selected");
    }
  });
}
