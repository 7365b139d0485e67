// What Tab has to reach and what it did reach; evaluated by tests/browser/keyboard.py.
// Returns { done, faults }: `done` once the last of the expected elements has had the focus.
() => {
  const name = (element) => {
    const text = (element.getAttribute("aria-label") || element.innerText || element.value || "");
    return `<${element.localName}${element.id ? "#" + element.id : ""}> “${text.trim().replace(/\s+/g, " ").slice(0, 40)}”`;
  };
  // Of radio buttons with one name, Tab stops at the chosen one, or at the first.
  const stops = (element) => {
    if (element.type !== "radio") return true;
    const group = [...document.querySelectorAll(`input[type=radio]`)].filter(
      (each) => each.name === element.name && each.form === element.form && !each.disabled
    );
    return element === (group.find((each) => each.checked) || group[0]);
  };
  const expected = [
    ...document.querySelectorAll(
      "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
    ),
  ].filter(
    (element) =>
      !element.disabled &&
      element.tabIndex >= 0 &&
      element.checkVisibility({ visibilityProperty: true }) &&
      stops(element)
  );
  // A part that scrolls by itself may be reached too, so that its reader can scroll it.
  const reached = window.seen.focused.filter(({ element }) => expected.includes(element));
  const faults = [];
  const order = [...new Set(reached.map(({ element }) => element))];
  expected.forEach((element, at) => {
    if (!order.includes(element)) faults.push(`Tab never reaches ${name(element)}`);
    else if (order[at] !== element) faults.push(`Tab reaches ${name(element)} out of order`);
  });
  for (const { element, ring, visible } of window.seen.focused) {
    if (element.id === "main") continue;
    if (!ring) faults.push(`no focus ring on ${name(element)}`);
    if (!visible) faults.push(`${name(element)} has the focus and can't be seen`);
  }
  return {
    stops: expected.length,
    done: !expected.length || order.includes(expected[expected.length - 1]),
    faults: [...new Set(faults)],
  };
}
