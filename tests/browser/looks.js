// What can be wrong with a page as it is drawn. Each function returns the offenders as texts.
(() => {
  const name = (element) =>
    `<${element.tagName.toLowerCase()}> ${element.textContent.trim().slice(0, 40)}`;

  const is_scrolled = (element) => element.closest("pre") !== null;

  const texts = () => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, element = node.parentElement;
      if (!node.textContent.trim() || !element.checkVisibility()) continue;
      if (element.closest("thead") && getComputedStyle(element.closest("thead")).position === "absolute") continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) if (box.width > 1) found.push({ element, box });
    }
    return found;
  };

  const too_wide = () => {
    const wide = texts().filter(({ element, box }) => !is_scrolled(element)
      && (box.right > innerWidth + 1 || box.left < -1)).map(({ element }) => name(element));
    for (const image of document.images)
      if (image.getBoundingClientRect().right > innerWidth + 1) wide.push(image.alt);
    const page = document.documentElement.scrollWidth;
    if (page > innerWidth) wide.push(`the page: ${page}`);
    for (const box of document.querySelectorAll(".wide"))
      if (box.scrollWidth > box.clientWidth + 1) wide.push(`a table: ${box.scrollWidth} in ${box.clientWidth}`);
    return wide;
  };

  const overlapping = () => {
    const found = texts().filter(({ element }) => !is_scrolled(element));
    found.sort((a, b) => a.box.top - b.box.top);
    const pairs = [];
    for (let i = 0; i < found.length; i++)
      for (let j = i + 1; j < found.length && found[j].box.top < found[i].box.bottom - 3; j++) {
        const a = found[i].box, b = found[j].box;
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        // Lines of one paragraph have boxes a little higher than their distance.
        if (width > 1 && height > 0.3 * Math.min(a.height, b.height))
          pairs.push(`${name(found[i].element)} / ${name(found[j].element)}`);
      }
    return pairs;
  };

  const lost_cells = () =>
    [...document.querySelectorAll("td, tbody th")]
      .filter((cell) => cell.checkVisibility() || !cell.closest("details:not([open])"))
      .filter((cell) => {
        const box = cell.getBoundingClientRect();
        const is_left_out = cell.className === "missing" && box.width === 0;
        return !is_left_out && (box.width < 8 || box.right > innerWidth + 1);
      })
      .map(name);

  const unnamed_cells = () =>  // where rows are blocks, a cell says what it is
    [...document.querySelectorAll("td:not(.missing)")]
      .filter((cell) => cell.checkVisibility() && getComputedStyle(cell).display !== "table-cell")
      .filter((cell) => getComputedStyle(cell, "::before").content !== `"${cell.dataset.label}"`)
      .map(name);

  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) =>
    [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground_of = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = channels(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = () =>
    texts().map(({ element }) => element)
      .filter((element) => {
        const ink = luminance(channels(getComputedStyle(element).color));
        const ground = luminance(ground_of(element));
        return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05) < 4.5;
      })
      .map(name);

  const shrunk = () =>  // a figure whose letters are smaller than they were drawn
    [...document.images].filter((image) => image.checkVisibility()).filter((image) => {
      const narrow = image.parentElement.querySelector("source");
      const shown = narrow && matchMedia(narrow.media).matches ? narrow : image;
      return image.getBoundingClientRect().width < 0.8 * shown.getAttribute("width");
    }).map((image) => `${image.getBoundingClientRect().width}: ${image.alt.slice(0, 40)}`);

  const squeezed = () =>  // a text that stands in a column of one word
    [...document.querySelectorAll("dd, p")].filter((element) => element.checkVisibility())
      .filter((element) => element.getBoundingClientRect().width < 150).map(name);

  window.looks = { squeezed, shrunk, too_wide, overlapping, lost_cells, unnamed_cells, faint };
})();
