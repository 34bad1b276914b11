// What a page can do better with a script; every page works without it.
"use strict";

// A form that is on its way is not sent twice; the server would take it for one all the same.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
});

// A page that comes back from the browser's memory can be used again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
  }
});

// A whole code goes off by itself, typed or filled in from the message.
const code = document.getElementById("code");
if (code) {
  code.addEventListener("input", () => {
    if (/^\d{6}$/.test(code.value.replace(/\s/g, ""))) code.form.requestSubmit();
  });
}
