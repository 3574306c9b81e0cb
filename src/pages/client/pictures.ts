import { all, type State } from './state.js';

/** Gives the pictures under an element their pixels: they are in the page once, in its data. */
export function fillPictures(root: Element, { data, maps }: Pick<State, 'data' | 'maps'>): void {
  const pictures = data.assessment?.pictures ?? [];
  for (const image of all<HTMLImageElement>(root, 'img[data-picture]')) {
    const picture = pictures[Number(image.dataset.picture)];
    if (picture) image.src = picture.thumbnail;
  }
  for (const image of all<HTMLImageElement>(root, 'img[data-map]')) {
    const [index = 0, subject = 0] = (image.dataset.map ?? '').split(' ').map(Number);
    const map = pictures[index]?.answers[subject]?.map;
    if (map) image.src = map;
    image.hidden = !maps;
  }
  for (const button of all(root, '[data-maps]')) button.setAttribute('aria-pressed', String(maps));
}

/** Listens to the switches of the class activation maps. */
export function listenToMaps(state: State): void {
  document.addEventListener('click', (event) => {
    if (!(event.target as Element | null)?.closest('[data-maps]')) return;
    state.maps = !state.maps;
    fillPictures(document.body, state);
  });
}
