// Runs before any page's own content: notes what can't be asked for afterwards.
(() => {
  window.seen = { shifts: [], violations: [], focused: [] };
  const name = (node) => (node && node.localName ? `<${node.localName} class="${node.className}">` : "?");
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      window.seen.shifts.push(
        `${entry.value.toFixed(4)} by ${entry.sources.map((source) => name(source.node)).join(", ")}`
      );
  }).observe({ type: "layout-shift", buffered: true });
  document.addEventListener("securitypolicyviolation", (event) =>
    window.seen.violations.push(`${event.effectiveDirective}: ${event.blockedURI}`)
  );
  document.addEventListener("focusin", (event) => {
    const style = getComputedStyle(event.target);
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const box = event.target.getBoundingClientRect();
    const visible = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    window.seen.focused.push({ element: event.target, ring, visible });
  });
})();
