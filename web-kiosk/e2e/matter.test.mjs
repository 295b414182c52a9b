// Matters against a real hall: the panel accepts with gaps, the console shows the
// matter, takes the document in and concludes it; who comes again is seen.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open } from './fixture/browser.mjs'
import { Hall } from './fixture/hall-programs.mjs'
import { account, password, signIn } from './fixture/people.mjs'

let browser, hall

before(async () => {
  browser = await launch()
  hall = new Hall()
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  await hall.send('PUT', 'windows/w1', { number: '01', name: '婚姻登记', department: '民政局' })
  await hall.send('PUT', 'services/marriage', { name: '婚姻登记', department: 'civil', prefix: 'A', windows: ['w1'], documents: ['双方身份证', '双方户口簿'], promised_days: 5, legal_days: 20 })
  await hall.send('PUT', 'staff/s1', { name: '演示员一', department: 'civil', employment: 'in_post', work_since: '2015-07-01', born: '1990-05-01' })
  await account(browser, hall, 'clerk', { name: '演示员一', role: 'staff', staff: 's1' })
  await account(browser, hall, 'chief', { name: '演示主任', role: 'supervisor' })
})
after(async () => {
  await hall.stop()
  await browser.close()
})

async function page(path, who) {
  const at = await open(browser, `${hall.http}/login?next=${encodeURIComponent(path)}`, { viewport: { width: 1366, height: 900 } })
  await signIn(at, who, password)
  await at.waitForURL((url) => url.pathname === path.split('#')[0])
  await connection(at, 'live')
  return at
}

/** One visit at the panel, up to its finish dialog. */
async function serve(panel) {
  await hall.send('POST', 'tickets', { service: 'marriage' })
  await panel.waitForSelector('[data-next]:not(:disabled)')
  await panel.keyboard.press('Space')
  await panel.waitForSelector('[data-stage="called"]')
  await panel.keyboard.press('Space')
  await panel.waitForSelector('[data-stage="serving"]')
  await panel.keyboard.press('f')
  await panel.waitForSelector('[data-asked="finish"]')
}

describe('a matter', () => {
  test('from the window to its conclusion', { timeout: 300_000 }, async () => {
    const panel = await page('/window/w1', 'clerk')
    await serve(panel)
    await panel.getByLabel('一次性告知', { exact: true }).check()
    await panel.getByLabel('双方身份证').check()
    await panel.locator('input[name="citizen"]').fill('13800000042')
    await panel.getByRole('button', { name: '确定' }).click()
    assert.match(await panel.locator('[data-left]').innerText(), /一次性告知单[\s\S]*双方身份证/)

    await serve(panel)
    await panel.getByLabel('容缺受理').check()
    await panel.getByLabel('双方户口簿').check()
    await panel.locator('input[name="citizen"]').fill('138 0000 0042')
    assert.match(await panel.locator('[data-asked]').innerText(), /承诺 5 个工作日/)
    await assertAccessible(panel, 'panel, accepted with gaps')
    await panel.getByRole('button', { name: '确定' }).click()
    const number = await panel.locator('[data-matter-number]').innerText()
    assert.match(number, /^\d{4}-000001$/)
    assert.match(await panel.locator('[data-left]').innerText(), /第 2 次来访/)
    await assertAccessible(panel, 'panel, the matter is told')

    const console = await page('/console#/matters', 'chief')
    const row = console.locator(`[data-matter="${number}"]`)
    await row.waitFor()
    assert.match(await row.innerText(), /双方户口簿/)
    await assertAccessible(console, 'console, matters')
    await console.locator(`[data-open="${number}"]`).click()
    await console.locator('[data-do="supplement"]').click()
    await console.locator('[role="dialog"]').getByRole('button', { name: '保存' }).click()
    await console.waitForSelector('[data-matter-story][data-state="supplemented"]')
    await console.locator('[data-do="conclude"]').click()
    await console.locator('[role="dialog"] textarea').fill('证件已发')
    await console.locator('[role="dialog"]').getByRole('button', { name: '保存' }).click()
    await console.waitForSelector('[data-matter-story][data-state="concluded"]')
    assert.deepEqual(await console.locator('[data-step]').evaluateAll((all) => all.map((x) => x.dataset.step)), ['matter.opened', 'matter.supplemented', 'matter.concluded'])
    await assertAccessible(console, 'console, one matter')
    await console.locator('[data-tab="repeats"]').click()
    await console.waitForSelector('[data-repeats] li')
    assert.match(await console.locator('[data-repeats]').innerText(), new RegExp(`${number}[\\s\\S]*来访 2 次`))
    await assertAccessible(console, 'console, repeat visits')
  })
})
