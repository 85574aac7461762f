// The menus "More" are details, which open and close without any script. With one they close as menus do: by Escape,
// with the focus back on the button, and by a click elsewhere.
"use strict";

const openMenus = () => document.querySelectorAll("details.more[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
