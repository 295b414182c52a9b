import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const root = import.meta.dirname
const pages = ['index', 'lobby', 'console', 'account', 'me', 'kiosk', 'window', 'ticket', 'rate', 'board', 'verify', 'screen', 'help']

/** Addresses whose page has another name; see hub/api/pages.go. */
const aliases: { [path: string]: string } = { login: 'account', setup: 'account', t: 'ticket' }

/** The id of a build is the digest of its sources, so that the same sources always give the same pages. */
function buildId(): string {
  const digest = createHash('sha256')
  for (const name of ['package-lock.json', ...pages.map((page) => `${page}.html`)]) {
    digest.update(readFileSync(join(root, name)))
  }
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  for (const name of sources) digest.update(readFileSync(name))
  return digest.digest('hex').slice(0, 12)
}

/** Empties dist before a build, all but the placeholder that lets the hub compile without the pages. */
function emptyDist(): Plugin {
  return {
    name: 'empty-dist',
    apply: 'build',
    buildStart() {
      for (const name of readdirSync(join(root, 'dist'))) {
        if (name !== '.gitkeep') rmSync(join(root, 'dist', name), { recursive: true })
      }
    },
  }
}

/** Serves /lobby as the hub does, while developing. */
function pageAddresses(): Plugin {
  return {
    name: 'page-addresses',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const [path = '', query] = (request.url ?? '').split('?')
        const first = path.split('/')[1] ?? ''
        const page = aliases[first] ?? first
        if (pages.includes(page)) request.url = `/${page}.html${query ? `?${query}` : ''}`
        next()
      })
    },
  }
}

const hub = process.env['HALL_HUB'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root,
  plugins: [vue(), emptyDist(), pageAddresses()],
  define: { __BUILD__: JSON.stringify(buildId()) },
  build: {
    target: 'chrome120',
    outDir: 'dist',
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: Object.fromEntries(pages.map((page) => [page, join(root, `${page}.html`)])),
    },
  },
  server: {
    proxy: { '/api': hub, '/ws': { target: hub, ws: true } },
  },
})
