// What a page's markup has to keep; evaluated in it by tests/browser/looks.py. Returns sentences.
() => {
  const faults = [];
  const html = document.documentElement;
  if (!html.lang) faults.push("<html> has no lang");
  if (!/^(ltr|rtl)$/.test(html.dir)) faults.push("<html> has no dir");
  const heads = document.querySelectorAll("h1").length;
  if (heads !== 1) faults.push(`${heads} h1 instead of one`);
  if (!document.title.trim()) faults.push("no title");
  let level = 0;
  for (const head of document.querySelectorAll("main h1, main h2, main h3, main h4, main h5, main h6")) {
    const now = Number(head.localName[1]);
    if (now > level + 1) faults.push(`h${now} “${head.innerText.slice(0, 40)}” follows h${level}`);
    level = now;
  }
  for (const image of document.images) {
    const source = image.getAttribute("src");
    if (!image.hasAttribute("alt")) faults.push(`an image has no alt: ${source}`);
    if (!image.hasAttribute("width") || !image.hasAttribute("height"))
      faults.push(`an image has no width and height: ${source}`);
    if (image.complete && !image.naturalWidth) faults.push(`an image shows nothing: ${source}`);
  }
  for (const element of document.querySelectorAll("[style], style, script:not([src], [type='application/ld+json'])"))
    faults.push(`style or script within the page: <${element.localName}>`);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((each, at) => ids.indexOf(each) !== at)))
    faults.push(`the id ${id} is there twice`);
  return faults;
}
