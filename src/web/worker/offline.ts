/** The service worker: keeps the page's files, so that it works without its server once it has been loaded. */

declare const self: ServiceWorkerGlobalScope & {
  /** Written before this script: a digest of the folder, and the files that every visitor needs. */
  readonly AGON_PAGE: { readonly digest: string; readonly files: readonly string[] };
};
const { digest, files } = self.AGON_PAGE;
const OURS = `agon ${self.registration.scope} `;
const CACHE = OURS + digest;

self.addEventListener('install', (event) => event.waitUntil(keepFiles()));
self.addEventListener('activate', (event) => event.waitUntil(takeOver()));
self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && url.startsWith(self.registration.scope)) event.respondWith(answer(event.request));
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(files.map((file) => new Request(new URL(file, self.registration.scope), { cache: 'reload' })));
}

/** The caches of earlier exports go. */
async function takeOver(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(OURS) && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** From the cache; else from the server, kept for the next time: of ONNX Runtime, only what this browser runs. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.status === 200) await cache.put(request, response.clone());
  return response;
}

export {};
