// A lobby page over a week of calls: heap, nodes and process after each day, as JSON.
// The week takes minutes: every clip is cut to a millisecond and begins at once; all
// else is as in the hall (the page is the built one, in the system's Chromium).
import { readFileSync, readdirSync } from 'node:fs'
import { connection, launch } from '../web-kiosk/e2e/fixture/browser.mjs'
import { FixtureHub } from '../web-kiosk/e2e/fixture/server.mjs'

const [days, callsADay, windows] = [5, 3_000, 30] // the working days of a week
const hub = await new FixtureHub({ windows, line: true }).start()
const browser = await launch({ kiosk: true })
const page = await (await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: 'zh-CN' })).newPage()
await page.addInitScript(() => {
  BaseAudioContext.prototype.decodeAudioData = async function () { return this.createBuffer(1, 48, 48_000) }
  const { start } = AudioBufferSourceNode.prototype
  AudioBufferSourceNode.prototype.start = function () { start.call(this) }
})
await page.goto(`${hub.address}/lobby?volume=5`)
await connection(page, 'live')
const devtools = await page.context().newCDPSession(page)
await devtools.send('Performance.enable')

const letters = 'ABCDEFGHKM'
const number = (n) => `${letters[n % letters.length]}${String(1 + Math.floor(n / letters.length) % 999).padStart(3, '0')}`
const sign = (n) => `w${String(1 + n % windows).padStart(2, '0')}`

/** One call as the hub tells it: the window has the ticket, its service one person less. */
function call(n) {
  const service = hub.live.services[`s${String(1 + n % 12).padStart(2, '0')}`]
  hub.patch({ windows: { [sign(n)]: { ticket: { number: number(n), service: service.id, stage: 'called', since: new Date(hub.now()).toISOString() } } },
    services: { [service.id]: { waiting: (service.waiting + 7) % 40, wait: 60 * (n % 30) } } })
  hub.call([[number(n), sign(n)]])
  hub.patch({ windows: { [sign(n + 7)]: { ticket: null } } })
}

const answer = { calls: 0, days: [] }
for (let day = 0; day < days; day++) {
  for (let n = 0; n < callsADay; n += 10) {
    for (let k = 0; k < 10; k++) {
      hub.skew += (9 * 3_600_000) / callsADay
      call(answer.calls++)
    }
    await page.waitForFunction((wanted) => document.querySelector(`.current[data-number="${wanted}"]`) && window.hallVoice.waiting.length === 0 && window.hallVoice.speaking === null,
      number(answer.calls - 1), { polling: 20, timeout: 60_000 })
  }
  hub.skew += 15 * 3_600_000
  hub.patch({ hub: { position: hub.live.hub.position + 1 } })
  answer.days.push(await measure())
}
const said = await page.evaluate(() => window.hallVoice.history.at(-1).clips.length)
if (said === 0) throw new Error('the last call was not spoken')
await browser.close()
await hub.stop()
console.log(JSON.stringify(answer))

async function measure() {
  for (let n = 0; n < 3; n++) await devtools.send('HeapProfiler.collectGarbage')
  const { metrics } = await devtools.send('Performance.getMetrics')
  const value = (name) => metrics.find((metric) => metric.name === name).value
  return { heap: value('JSHeapUsedSize'), nodes: value('Nodes'), rss: renderer() }
}

/** Resident memory of the largest renderer among this process's children, in MiB. */
function renderer() {
  const children = new Set([process.pid])
  let largest = 0
  for (let grown = true; grown;) {
    grown = false
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8')
        if (children.has(pid) || !children.has(Number(/^PPid:\s*(\d+)/m.exec(status)[1]))) continue
        children.add(pid)
        grown = true
        if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) largest = Math.max(largest, Number(/^VmRSS:\s*(\d+)/m.exec(status)[1]) / 1024)
      } catch { /* it ended meanwhile */ }
    }
  }
  return largest
}
