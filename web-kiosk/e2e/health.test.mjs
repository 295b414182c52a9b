// The health of the system: a real hub whose second backup disk is not there, a device whose records
// are missing, a window computer that dies, a duty room's program that is told; a supervisor takes notice.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, launch, open, shoot } from './fixture/browser.mjs'
import { unfit } from './fixture/fit.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, consoleOf, enter, password, signIn } from './fixture/people.mjs'

const laptop = { viewport: { width: 1366, height: 768 } }
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
/** A public key of age from its own documents; nothing here is ever restored. */
const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'

let browser, hall, folder, duty, page
const told = []

before(async () => {
  browser = await launch()
  folder = mkdtempSync(join(tmpdir(), 'health-'))
  duty = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => { text += part }).on('end', () => {
      told.push(JSON.parse(text))
      response.writeHead(204).end()
    })
  })
  await new Promise((ready) => duty.listen(0, '127.0.0.1', ready))
  mkdirSync(join(folder, 'backup'))
  writeFileSync(join(folder, 'secret'), 'a secret of the duty room, long enough', { mode: 0o600 })
  hall = new Hall()
  hall.settings = `backup:
  to: ["${join(folder, 'backup')}", "${join(folder, 'second')}"]
  recipients: [${recipient}]
notify:
  webhook: http://127.0.0.1:${duty.address().port}/hall
  webhook_secret_file: ${join(folder, 'secret')}
  quiet_from: "00:00"
  quiet_until: "00:00"
`
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  for (const n of [3, 4]) await hall.send('PUT', `windows/w${n}`, { number: `0${n}`, name: '婚姻登记', department: '民政局' })
  await hall.startAgent('w03')
  await hall.send('POST', 'devices/w03/assign', { window: 'w3' })
  await account(browser, hall, 'chief', { name: '演示主任', role: 'supervisor' })
  await account(browser, hall, 'audit', { name: '演示审计', role: 'auditor' })
  page = await consoleOf(browser, hall, 'chief', 'health', laptop)
})
after(async () => {
  await page.done()
  await hall.stop()
  await browser.close()
  await new Promise((closed) => duty.close(closed))
  rmSync(folder, { recursive: true, force: true })
})

const press = (seq, first) => JSON.stringify({ id: `press-${seq}`, agent: 'w04', outbox: 'o1', seq, first, boot: 'b1', at: new Date().toISOString(), clock: 'synced', kind: 'rating.pressed', data: { level: 5 } })
const row = (kind) => page.locator(`[data-trouble="${kind}"]`)
const judge = async (what, name) => {
  await page.waitForFunction(() => document.querySelectorAll('.el-message').length === 0) // what was just said lies over the head for a moment
  await assertAccessible(page, what)
  assert.deepEqual(await unfit(page), [], what)
  await shoot(page, name)
}

describe('the health of the system', () => {
  test('all is well but for a place of backups, which says why', { timeout: 300_000 }, async () => {
    await page.waitForSelector('[data-well]')
    assert.equal(await page.locator('[data-troubles]').count(), 0, 'nothing in the header')
    await page.waitForSelector('[data-place="1"][data-state="fresh"]')
    assert.match(await page.locator('[data-place="2"] [data-why]').innerText(), /没有成功，(\d\d:\d\d:\d\d 再试|现在正在再试)/)
    assert.match(await page.locator('[data-place="2"] [data-why]').innerText(), /打不开备份位置，请看备份盘是否已挂载：/)
    assert.doesNotMatch(await page.locator('[data-place="2"] [data-why]').innerText(), /is its disk mounted/)
    const { clock } = await (await page.context().request.get(`${hall.http}/api/v1/health`)).json()
    assert.equal(/毫秒/.test(await page.locator('[data-clock]').innerText()), clock.synchronised, 'no number where nobody has measured')
    assert.match(await page.locator('[data-part="disk"] [data-ahead]').innerText(), /剩余 [\d.]+ [GT]iB，共 .*运行满一天后/)
    assert.match(await page.locator('[data-program="w03"]').innerText(), /03[\s\S]*在线/)
    assert.match(await page.locator('[data-certificate="authority"]').innerText(), /发证机构/)
    await page.waitForSelector('[data-channel="webhook"][data-standing="untried"]')
    await judge('a hall in which all is well', 'health-well')
    const probe = await (await fetch(`${hall.http}/healthz`)).json()
    assert.deepEqual([probe.status, probe.backup], ['ok', 'none'], 'the second place has none yet')
  })

  test('records that are missing are a trouble at once, told to the duty room; somebody takes notice, and it is over', { timeout: 400_000 }, async () => {
    await hall.publish('w04', press(1, 1))
    await hall.send('POST', 'devices/w04/assign', { window: 'w4' })
    await hall.publish('w04', press(10, 10))
    await row('outbox_gap').waitFor() // nobody asked for it
    assert.match(await row('outbox_gap').innerText(), /04 号窗口的设备 w04 的部分记录在主机上缺失（第 2 至 9 条）[\s\S]*需处理[\s\S]*核对缺失时段[\s\S]*还没有人/)
    await page.waitForSelector('header [data-troubles="1"]')
    assert.match(await page.locator('header [data-troubles]').innerText(), /设备问题 1 项/)
    assert.equal(await page.locator('[data-count="health"]').innerText(), '1')
    const message = await until('the duty room is told', () => told.find(({ raised }) => raised.some(({ kind }) => kind === 'outbox_gap')))
    assert.equal(message.test, false)
    await page.waitForSelector('[data-channel="webhook"][data-standing="ok"]')
    await judge('a trouble', 'health-trouble')

    await row('outbox_gap').locator('[data-see]').click()
    await enter(page, { note: '已请技术员核对，电话 13800000042' })
    await assertAccessible(page, 'taking notice')
    await shoot(page, 'health-see')
    await page.getByRole('dialog').getByRole('button', { name: '确认知悉', exact: true }).click()
    await page.waitForSelector('[data-trouble="outbox_gap"][data-seen]')
    assert.match(await row('outbox_gap').innerText(), /chief[\s\S]*已请技术员核对/)
    assert.ok(!(await row('outbox_gap').innerText()).includes('13800000042'), 'numbers are masked')
    const [seen] = (await hall.events()).filter(({ kind }) => kind === 'trouble.seen')
    assert.equal(seen.actor.id, 'chief')
    assert.ok(!JSON.stringify(seen).includes('技术员'), 'the note is sealed')
    await page.waitForSelector('header [data-troubles="1"]') // it is seen, and goes on

    await hall.send('POST', 'devices/w04/assign', { window: 'w4' })
    await row('outbox_gap').waitFor({ state: 'detached', timeout: 180_000 })
    await page.locator('[data-past] summary').click()
    assert.match(await page.locator('[data-past-trouble="outbox_gap"]').innerText(), /缺失[\s\S]*chief[\s\S]*已请技术员核对/)
    await judge('what is over', 'health-past')
  })

  test('a test message shows what the server answers, and a server that is gone', { timeout: 300_000 }, async () => {
    await page.locator('[data-test-message]').click()
    await page.waitForSelector('[data-answers] [data-channel="webhook"][data-ok="true"]')
    assert.match(await page.locator('[data-answers]').innerText(), new RegExp(`测试已结束，结果见下[\\s\\S]*webhook 127\\.0\\.0\\.1:${duty.address().port}[\\s\\S]*服务器已收下`))
    await judge('a message that arrived', 'health-tested')
    assert.ok(told.some((message) => message.test && message.raised.length === 0))
    await new Promise((closed) => { duty.close(closed); duty.closeAllConnections() })
    await page.locator('[data-test-message]:not(.is-loading)').click()
    await page.waitForSelector('[data-answers] [data-channel="webhook"][data-ok="false"]')
    await page.waitForSelector('[data-part="messages"] [data-channel="webhook"][data-standing="failed"]')
    await judge('a message that does not arrive', 'health-failed')
    const tests = (await hall.events()).filter(({ kind, data }) => kind === 'trouble.told' && data.test)
    assert.deepEqual(tests.map(({ actor, data }) => [actor.id, data.ok]), [['chief', true], ['chief', false]])
  })

  test('a hall without automatic backups and with nobody to tell is not well, and says what to do', { timeout: 300_000 }, async () => {
    const bare = new Hall()
    await bare.startHub()
    try {
      await account(browser, bare, 'head', { name: '演示主任', role: 'supervisor' })
      const other = await consoleOf(browser, bare, 'head', 'health', phone)
      await other.waitForSelector('[data-part="troubles"] [data-unset]')
      const backups = other.locator('[data-part="backup"]')
      assert.match(await backups.innerText(), /没有设置自动备份[\s\S]*backup\.to[\s\S]*hub backup[\s\S]*还没有手工做过备份/)
      assert.equal(await backups.locator('.part-head .waiting').count(), 1, 'in the tone of what waits')
      assert.match(await other.locator('[data-nobody]').innerText(), /notify\.mail/)
      assert.equal(await other.locator('[data-well]').count(), 0)
      assert.deepEqual(await unfit(other), [])
      await assertAccessible(other, 'a hall without backups on a phone')
      await shoot(other, 'health-unset-phone')
      await other.setViewportSize(laptop.viewport)
      await shoot(other, 'health-unset')
      await other.done()
    } finally {
      await bare.stop()
    }
  })

  test('a window computer that dies is cut off, in English and on a phone too; an auditor reads and changes nothing', { timeout: 400_000 }, async () => {
    await hall.killAgent('w03')
    const cut = row('device_cut_off').filter({ hasText: 'w03' })
    await cut.waitFor({ timeout: 300_000 })
    assert.match(await cut.innerText(), /03 号窗口的设备 w03 通信中断[\s\S]*检查该窗口电脑的电源和网线/)
    await page.waitForSelector('[data-program="w03"][data-state="offline"]')
    await page.locator('.language').click()
    await page.waitForFunction(() => document.documentElement.lang === 'en')
    assert.match(await cut.innerText(), /window 03, device w03 is cut off/)
    await judge('a device that is cut off', 'health-en')
    await page.locator('.language').click()

    const small = await consoleOf(browser, hall, 'audit', 'health', phone)
    await small.locator('[data-trouble="device_cut_off"]').first().waitFor()
    assert.equal(await small.locator('[data-see], [data-test-message]').count(), 0)
    assert.deepEqual(await unfit(small), [])
    await assertAccessible(small, 'the health of the system on a phone')
    await shoot(small, 'health-phone')
    await small.done()

    await account(browser, hall, 'liaison', { name: '演示联络员', role: 'liaison', department: 'civil' })
    const other = await open(browser, `${hall.http}/login?next=${encodeURIComponent('/console#/health')}`, laptop)
    await signIn(other, 'liaison', password)
    await other.waitForSelector('[data-view="forbidden"]')
    assert.equal(await other.locator('nav a[href="#/health"]').count(), 0)
    await other.done()
  })
})
