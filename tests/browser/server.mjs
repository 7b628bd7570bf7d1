// The web server that a browser plays from: one folder, the page, the players. On loopback, with CORS and byte ranges.
import { createReadStream, promises as fs } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

const contentTypes = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mpd': 'application/dash+xml',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
  '.ts': 'video/mp2t',
  '.vtt': 'text/vtt',
  '.webm': 'video/webm',
};

const ownFiles = {
  '/page.html': 'page.html',
  '/adapters.js': 'adapters.js',
  '/hls.js': 'node_modules/hls.js/dist/hls.min.js',
  '/shaka.js': 'node_modules/shaka-player/dist/shaka-player.compiled.js',
  '/dash.js': 'node_modules/dashjs/dist/modern/umd/dash.all.min.js',
};

// Serves `folder` below /media/. `given` and `refused` collect what was asked for below it. `key`, an id and a key in
// hexadecimal, is the licence of ClearKey (W3C, Encrypted Media Extensions, 9.1.4) that /licence hands out.
export async function serve(folder, key) {
  const given = new Set();
  const refused = new Set();
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const headers = { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-store' };
    if (pathname === '/licence' && key) {
      const [kid, k] = key.map((text) => Buffer.from(text, 'hex').toString('base64url'));
      return response.end(JSON.stringify({ keys: [{ kty: 'oct', kid, k }], type: 'temporary' }));
    }
    const refuse = (status) => {
      if (pathname.startsWith('/media/')) refused.add(`${status} ${pathname.slice('/media/'.length)}`);
      response.writeHead(status, headers).end();
    };
    const file = locate(folder, pathname);
    const size = file && (await sizeOf(file));
    if (size === undefined) return refuse(404);
    const range = parseRange(request.headers.range, size);
    if (!range) return refuse(416);
    if (pathname.startsWith('/media/')) given.add(pathname.slice('/media/'.length));
    const { first, last } = range;
    headers['Content-Type'] = contentTypes[path.extname(file)] ?? 'application/octet-stream';
    headers['Content-Length'] = last - first + 1;
    headers['Accept-Ranges'] = 'bytes';
    if (range.partial) headers['Content-Range'] = `bytes ${first}-${last}/${size}`;
    response.writeHead(range.partial ? 206 : 200, headers);
    if (request.method === 'HEAD' || size === 0) return response.end();
    createReadStream(file, { start: first, end: last }).pipe(response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    given,
    refused,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function locate(folder, pathname) {
  if (pathname in ownFiles) return path.join(here, ownFiles[pathname]);
  if (!pathname.startsWith('/media/')) return undefined;
  const inside = path.normalize(decodeURIComponent(pathname.slice('/media'.length)));
  return path.join(folder, inside);
}

async function sizeOf(file) {
  const stat = await fs.stat(file).catch(() => undefined);
  return stat?.isFile() ? stat.size : undefined;
}

function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match) return { first: 0, last: size - 1, partial: false };
  const first = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  return first <= last ? { first, last, partial: true } : undefined;
}
