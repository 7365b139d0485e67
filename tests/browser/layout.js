// What can be measured in a laid-out page; evaluated in it by tests/browser/looks.py.
//
// A function of the options below; it changes nothing and returns sentences, one a fault.
//   { target: smallest side of what can be pressed, in CSS pixels; 0 leaves that out }
//
// Rules: only what a reader can see counts; a pixel of rounding is forgiven.
(options) => {
  const faults = [];
  const width = document.documentElement.clientWidth;

  const name = (element) => {
    const said = (element.getAttribute("aria-label") || element.innerText || element.value || "");
    const text = said.trim().replace(/\s+/g, " ").slice(0, 40);
    const id = element.id ? "#" + element.id : element.className ? "." + [...element.classList].join(".") : "";
    return `<${element.localName}${id}>${text ? " “" + text + "”" : ""}`;
  };
  const scrolls = (element) => /auto|scroll/.test(getComputedStyle(element).overflowX);
  const inScroller = (element) => {
    for (let at = element; at && at !== document.body; at = at.parentElement)
      if (scrolls(at)) return true;
    return false;
  };
  // Off the page on purpose: a skip link above it, or text for screen readers in one pixel.
  const hidden = (element) => {
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return true;
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const box = at.getBoundingClientRect();
      if (box.bottom + scrollY <= 0 || box.right <= 0) return true;
      const clips = getComputedStyle(at).overflowX !== "visible";
      if (clips && box.width <= 1 && box.height <= 1) return true;
    }
    return false;
  };
  const meets = (a, b, slack = 1) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;

  // Sideways scrolling.
  const wide = document.documentElement.scrollWidth;
  if (wide > width) {
    const sticksOut = (element) => {
      const box = element.getBoundingClientRect();
      const beyond = box.right > width + 1 || box.left < -1;
      const within = element.clientWidth && element.scrollWidth > element.clientWidth + 1;
      return (beyond || within) && !inScroller(element) && !hidden(element);
    };
    const outside = [...document.body.querySelectorAll("*")].filter(sticksOut);
    const deepest = outside.filter((each) => !outside.some((other) => each !== other && each.contains(other)));
    faults.push(
      `the page is ${wide} px wide and scrolls sideways at ${width} px: ` +
        deepest.slice(0, 3).map(name).join(", ")
    );
  }

  // Cut text, and text that leaves the page.
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || hidden(parent) || parent.closest("option, noscript, textarea")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
    texts.push({ parent, boxes });
    if (inScroller(parent)) continue;
    if (boxes.some((box) => box.right > width + 1 || box.left < -1))
      faults.push(`text leaves the page: ${name(parent)}`);
  }
  for (const element of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(element);
    const clipsX = /hidden|clip/.test(style.overflowX);
    const clipsY = /hidden|clip/.test(style.overflowY);
    if ((!clipsX && !clipsY) || !element.innerText?.trim() || hidden(element)) continue;
    if (element.closest("svg") || element.localName === "select") continue;
    if (clipsX && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1)
      faults.push(`text is cut at its side: ${name(element)}`);
    if (clipsY && element.scrollHeight > element.clientHeight + 1 && element.clientHeight > 1)
      faults.push(`text is cut below: ${name(element)}`);
  }
  for (const element of document.body.querySelectorAll("button, input[type=submit]"))
    if (!hidden(element) && element.scrollWidth > element.clientWidth + 1)
      faults.push(`a button's text is cut: ${name(element)}`);

  // Text on text. Only the middle of each line counts: lines may touch, letters may not.
  const lines = texts.flatMap(({ parent, boxes }) =>
    boxes.map((box) => ({
      parent,
      left: box.left,
      right: box.right,
      top: box.top + box.height * 0.3,
      bottom: box.bottom - box.height * 0.3,
    }))
  );
  lines.sort((a, b) => a.top - b.top);
  lines.forEach((line, at) => {
    for (let next = at + 1; next < lines.length && lines[next].top < line.bottom; next++)
      if (meets(line, lines[next]) && line.parent !== lines[next].parent)
        faults.push(`text lies on text: ${name(line.parent)} and ${name(lines[next].parent)}`);
  });

  // What can be pressed: large enough, apart from each other, and not covered.
  const pressable = [
    ...document.querySelectorAll(
      "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
    ),
  ].filter((element) => !hidden(element));
  // Ticking the label ticks the box, and a card's link may be stretched over its card.
  const target = (element) => {
    const boxes = [...element.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
    const after = getComputedStyle(element, "::after");
    if (after.content !== "none" && after.position === "absolute" && element.offsetParent)
      boxes.push(element.offsetParent.getBoundingClientRect());
    if (/checkbox|radio|file/.test(element.type || ""))
      boxes.push(...[...(element.labels || [])].map((label) => label.getBoundingClientRect()));
    return boxes;
  };
  const inSentence = (element) => {
    if (getComputedStyle(element).display !== "inline") return false;
    let block = element.parentElement;
    while (block && getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    return block && block.innerText.trim().length > element.innerText.trim().length;
  };
  for (const element of pressable) {
    const boxes = target(element);
    if (!boxes.length) continue;
    const across = Math.max(...boxes.map((box) => box.right)) - Math.min(...boxes.map((box) => box.left));
    const down = Math.max(...boxes.map((box) => box.bottom)) - Math.min(...boxes.map((box) => box.top));
    if (Math.min(across, down) < options.target - 0.5 && !inSentence(element))
      faults.push(
        `a target of ${Math.round(across)} x ${Math.round(down)} px is less than ` +
          `${options.target}: ${name(element)}`
      );
  }
  const pairs = pressable.map((element) => ({ element, boxes: [...element.getClientRects()] }));
  pairs.forEach(({ element, boxes }, at) => {
    for (const other of pairs.slice(at + 1)) {
      if (element.contains(other.element) || other.element.contains(element)) continue;
      if (boxes.some((a) => other.boxes.some((b) => meets(a, b))))
        faults.push(`two targets overlap: ${name(element)} and ${name(other.element)}`);
    }
  });
  const before = [scrollX, scrollY];
  for (const element of pressable) {
    if (inScroller(element)) continue;
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const box = [...element.getClientRects()].find((each) => each.width > 0 && each.height > 0);
    if (!box) continue;
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const fits =
      hit && (element.contains(hit) || hit.contains(element) || hit.closest("label")?.control === element);
    if (!fits) faults.push(`${name(element)} can't be pressed: ${hit ? name(hit) : "nothing"} is in front`);
  }
  scrollTo({ left: before[0], top: before[1], behavior: "instant" });

  return [...new Set(faults)];
}
