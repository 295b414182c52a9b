// A supervisor at the console arranges the services, watches the lines and speaks to the hall.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, password, signIn } from './fixture/people.mjs'

let browser, hall, page
const desk = { viewport: { width: 1440, height: 900 } }

before(async () => {
  browser = await launch()
  hall = new Hall()
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  for (const [n, name] of [[1, '婚姻登记'], [2, '社会救助']]) await hall.send('PUT', `windows/w${n}`, { number: `0${n}`, name, department: '民政局' })
  await account(browser, hall, 'dudao', { name: '督导员', role: 'supervisor' })
  page = await open(browser, `${hall.http}/login?next=${encodeURIComponent('/console#/services')}`, desk)
  await signIn(page, 'dudao', password)
  await page.waitForURL('**/console#/services')
  await connection(page, 'live')
})
after(async () => {
  await page?.done()
  await hall.stop()
  await browser.close()
})

const field = (name) => page.locator(`[data-field="${name}"]`)
const to = async (section) => { await page.goto(`${hall.http}/console#/${section}`); await page.waitForSelector('[data-view]') }
const save = () => page.locator('.el-dialog button[type=submit]').click()

describe('the supervisor', () => {
  test('adds a service; what is wrong stands at its field', { timeout: 300_000 }, async () => {
    await page.locator('[data-new]').click()
    await field('name').locator('input').fill('婚姻登记')
    await field('id').locator('input').fill('marriage')
    await field('prefix').locator('input').fill('a')
    await field('windows').locator('input[value=w1]').check()
    await field('documents').locator('textarea').fill('双方身份证\n近期合影 3 张')
    await field('wait_max').locator('input').fill('30')
    await field('promised_days').locator('input').fill('5')
    await field('slots').locator('textarea').fill('09:00-10:00')
    await save()
    await page.getByText('第 1 行不对').first().waitFor()
    await field('slots').locator('textarea').fill('09:00-10:00 4\n09:30-10:30 4')
    await save()
    await page.getByText('第 1 个与第 2 个时段重叠').first().waitFor()
    await assertAccessible(page, 'services, adding')
    await field('slots').locator('textarea').fill('09:00-10:00 4\n10:00-11:00 4 1-5')
    await save()
    await page.waitForSelector('tr[data-service="marriage"]')
    const [service] = (await hall.get('services')).services
    assert.deepEqual([service.prefix, service.documents, service.wait_max, service.promised_days, service.slots], ['A', ['双方身份证', '近期合影 3 张'], 30, 5,
      [{ from: '09:00', until: '10:00', capacity: 4 }, { from: '10:00', until: '11:00', capacity: 4, weekdays: [1, 2, 3, 4, 5] }]])
    await assertAccessible(page, 'services')
    await shoot(page, 'console-services')
  })

  test('watches the line, pauses a window, opens another and takes a ticket out', { timeout: 300_000 }, async () => {
    const tickets = []
    for (let n = 0; n < 3; n++) tickets.push(await hall.send('POST', 'tickets', { service: 'marriage' }))
    await to('lines')
    await page.waitForSelector('tr[data-service="marriage"] [data-waiting="3"]')
    await hall.send('POST', 'windows/w1/call-next', {})
    await page.locator('tr[data-window="w1"]', { hasText: 'A001' }).waitFor()
    await page.locator('tr[data-service="marriage"] [data-add]').click()
    await page.locator('[data-field="windows"] select').selectOption('w2')
    await save()
    await page.waitForSelector('tr[data-window="w2"][data-counter="open"]')
    await assertAccessible(page, 'lines')
    await shoot(page, 'console-lines')
    await page.locator('tr[data-window="w2"] [data-pause]').click()
    await page.locator('#reason').fill('打印机故障')
    await save()
    await page.waitForSelector('tr[data-window="w2"][data-counter="paused"]')
    await page.locator('tr[data-window="w2"] [data-open]').click()
    await page.waitForSelector('tr[data-window="w2"][data-counter="open"]')
    await page.locator('tr[data-ticket="A003"] [data-drop]').click()
    await page.locator('.el-dialog button[type=submit]').click()
    await until('the ticket has left', async () => (await hall.get(`tickets/${tickets[2].ticket}`)).stage === 'closed')
    await page.locator('tr[data-ticket="A003"]').waitFor({ state: 'detached' })
  })

  test('speaks to the hall and says which way a window lies', { timeout: 300_000 }, async () => {
    const lobby = await open(browser, `${hall.http}/lobby`, { viewport: { width: 1920, height: 1080 } })
    await connection(lobby, 'live')
    await to('notices')
    await page.locator('[data-post]').first().click()
    await field('zh').locator('textarea').fill('三号窗口旁提供饮用水')
    await save()
    await page.waitForSelector('tr[data-notice]')
    await lobby.getByText('三号窗口旁提供饮用水').first().waitFor()
    await assertAccessible(page, 'notices')
    await shoot(page, 'console-notices')
    await hall.send('PUT', 'windows/w1', { number: '01', name: '婚姻登记', department: '民政局', direction: 'left' })
    await lobby.getByText('往左走').first().waitFor()
    await page.locator('tr[data-notice] button').click()
    await save()
    await lobby.getByText('三号窗口旁提供饮用水').first().waitFor({ state: 'detached' })
    await lobby.done()
  })
})
