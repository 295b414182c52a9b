// Every page over HTTPS, under the hub's content policy: nothing is refused, nobody else is asked.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connection, launch, open } from './fixture/browser.mjs'
import { Hall, operator, until } from './fixture/hall-programs.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const source = (name) => readFileSync(join(import.meta.dirname, '..', name), 'utf8')

/** The addresses of all pages, as the hub serves them. */
function addresses() {
  const table = /func addresses\(\)[^{]*{([\s\S]*?)\n}/.exec(source('../hub/api/pages.go'))[1]
  const all = [...table.matchAll(/"(\/[^"]*)": *"\w+\.html"/g)].map(([, at]) => at.replace('{$}', ''))
  assert.ok(all.includes('/lobby') && all.includes('/') && all.length >= 13, all.join(' '))
  const filled = { '{id}': 'w01', '{token}': 'none', '{period}': '2026-10', '{revision}': '1' }
  return all.map((at) => at.replace(/{\w+}/g, (name) => filled[name] ?? assert.fail(`fill ${name} of ${at}`)))
}

/** The console's sections. */
function sections() {
  const table = /export const groups = {([\s\S]*?)\n}/.exec(source('src/console/router.ts'))[1]
  return [...table.matchAll(/'([\w-]+)'/g)].map(([, name]) => name)
}

test('no page breaks the content policy or asks a third party', { timeout: 300_000 }, async () => {
  const hall = new Hall()
  try {
    hall.settings = 'https: 127.0.0.1:0\n'
    await hall.startHub()
    await hall.send('PUT', 'windows/w01', { number: '01', name: '综合受理', department: '政务服务局' })
    const page = await open(browser, 'about:blank', { ignoreHTTPSErrors: true, extraHTTPHeaders: operator })
    const refused = []
    const elsewhere = []
    await page.exposeFunction('tellRefused', (what) => { refused.push(what) })
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (e) => globalThis.tellRefused(`${location.href}: ${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber} ${e.sample}`))
    })
    const own = new URL(hall.https).host
    const note = (url) => { if (!/^(data|blob|about):/.test(url) && new URL(url).host !== own) elsewhere.push(url) }
    page.on('request', (request) => note(request.url()))
    page.on('websocket', (socket) => note(socket.url()))

    const settled = async () => {
      await page.waitForFunction(() => !document.querySelector('#app') || document.querySelector('#app').childElementCount > 0)
      await page.evaluate(() => document.fonts.ready)
    }
    for (const at of [...addresses(), '/docs', '/docs?lang=en', '/no-such-page']) {
      await page.goto(hall.https + at)
      await settled()
      const policy = await page.evaluate(async () => (await fetch(location.href, { headers: { Accept: 'text/html' } })).headers.get('Content-Security-Policy'))
      assert.match(policy, /script-src 'self';.*style-src 'self';.*frame-ancestors 'none'/, at)
      assert.doesNotMatch(policy, /unsafe/, at)
    }
    for (const name of sections()) {
      await page.goto(`${hall.https}/console#/${name}`)
      await page.waitForSelector(`nav a[href="#/${name}"][aria-current="page"]`)
      await settled()
      for (const chart of await page.locator('.chart svg').all()) await chart.hover({ force: true })
    }
    await page.goto(`${hall.https}/lobby`)
    await connection(page, 'live') // over wss
    assert.deepEqual(refused, [])
    assert.deepEqual(elsewhere, [])

    // What somebody smuggles in does not run, and is told: the listener above hears.
    const ran = await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'globalThis.smuggled = true'
      const styled = document.createElement('p')
      styled.innerHTML = '<b style="color: red">x</b>'
      document.body.append(script, styled)
      return globalThis.smuggled === true
    })
    assert.equal(ran, false)
    await until('the refusals are told', () => ['script-src-elem', 'style-src-attr'].every((kind) => refused.some((what) => what.includes(kind))))
    await page.context().close() // its console has the two refusals: done() is for pages that wrote nothing
  } finally {
    await hall.stop()
  }
})
