// The header: a clock in UTC, and a person menu that closes when one clicks or tabs away.

const clock = document.querySelector("[data-clock]");
const menu = document.querySelector("[data-menu]");

export function showTime(milliseconds) {
  const text = new Date(milliseconds).toISOString();
  clock.hidden = false;
  clock.dateTime = text;
  clock.textContent = `${text.slice(11, 19)} UTC`;
}

if (menu) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
