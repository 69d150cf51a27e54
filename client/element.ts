/** Finds the page's element of that id. Throws TypeError when it is missing or of another kind: page and script do not fit. */
export function element<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new TypeError(`The page needs a ${kind.name} with the id ${id}.`);
  }
  return found;
}
