// Small helpers for elements. Text goes in as text, never as HTML.

export const at = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// Lets what an element shows follow a value, and does nothing while the value stays.
export function follow(element, value, draw) {
  const said = JSON.stringify(value);
  if (element.dataset.said === said) return;
  element.dataset.said = said;
  draw();
}

export const grouped = (digits) => digits.replace(/(.{4})(?=.)/g, "$1 ");
