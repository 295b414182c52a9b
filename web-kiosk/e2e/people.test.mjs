// People clock in: the pages against a real hall, from the card at the pins to the sheet.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, administrator, agree, password, signIn } from './fixture/people.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
const cards = { s1: 0x77a10001, s2: 0x77a10002 }

/** A hall whose first administrator is made in the browser, with two windows, two people and their cards. */
async function furnished(hall) {
  await hall.startHub()
  const agents = { w1: await hall.startAgent('a1'), w2: await hall.startAgent('a2') }
  const day = (await hall.get('live')).hall.day
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  for (const [n, name] of [[1, '婚姻登记'], [2, '社会救助']]) {
    await hall.send('PUT', `windows/w${n}`, { number: `0${n}`, name, department: '民政局' })
    await hall.send('POST', `devices/a${n}/assign`, { window: `w${n}` })
    await hall.send('PUT', `staff/s${n}`, { name: `演示员${n}`, department: 'civil', employment: 'in_post', work_since: '2015-07-01', born: '1990-05-01' })
  }
  for (const n of [1, 2]) {
    await hall.send('PUT', `posts/p${n}`, { window: `w${n}`, name: '综合岗', deputies: [`s${3 - n}`] })
    await hall.send('POST', `staff/s${n}/post`, { post: `p${n}`, from: day })
    await hall.send('POST', 'cards', { number: cards[`s${n}`].toString(16).toUpperCase(), staff: `s${n}`, from: day })
  }
  await hall.send('PUT', 'shifts/day', { name: '全天班', swipes: 2, plans: [{ days: 'all', periods: [{ in: '00:00', out: '24:00' }] }] })
  await hall.send('POST', 'shifts/day/assign', { scope: 'hall', from: day })
  return { agents, day }
}

/** A real picture: what the browser itself sees of the page. */
function aPicture(page) {
  return page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 40 } })
}

describe('people in a real hall', () => {
  test('from the first start to a decided make-up request', { timeout: 300_000 }, async () => {
    const hall = new Hall()
    try {
      const { agents, day } = await furnished(hall)

      // The link of the first start makes the administrator, once.
      await administrator(browser, hall)
      await account(browser, hall, 'duban', { name: '演示督导', role: 'supervisor' })
      await agree(browser, hall, 'admin', 'duban', { away_grace: { value: 0, from: day, reference: '演示' } })

      // Whoever has not signed in is sent to do so, and comes back to where they wanted to go.
      const page = await open(browser, `${hall.http}/console#/hall`)
      await page.waitForURL('**/login?next=*')
      await shoot(page, 'login')
      await assertAccessible(page, '/login')
      await signIn(page, 'admin', 'a wrong password')
      await page.getByText('账号或密码不正确').waitFor()
      await signIn(page, 'admin', password)
      await page.waitForURL('**/console#/hall')
      await connection(page, 'live')

      // An empty window alarms; its deputy's card clears it; a swipe turns the tile.
      const tile = (id) => page.locator(`[data-window="${id}"]`)
      await page.waitForFunction(() => document.querySelector('[data-window="w1"]')?.dataset.cover === 'empty')
      await until('the alarm is raised', async () => (await hall.get('live')).alarms['window_empty/w1'])
      assert.match(await tile('w1').innerText(), /无人在岗/)
      await shoot(page, 'console-empty')
      const lobby = await open(browser, `${hall.http}/lobby`)
      await connection(lobby, 'live')
      await lobby.waitForFunction(() => document.querySelector('[data-window="w1"]')?.dataset.cover === 'empty')
      await shoot(lobby, 'lobby-cover')
      await agents.w1.swipe(cards.s2)
      await page.waitForFunction(() => document.querySelector('[data-window="w1"]').dataset.cover === 'covered')
      await until('the alarm is over', async () => !(await hall.get('live')).alarms['window_empty/w1'])
      await agents.w2.swipe(cards.s1)
      await page.waitForFunction(() => document.querySelector('[data-window="w2"]').dataset.cover === 'covered')
      await until('the reader may be used again', async () => (await hall.get('live')).windows.w1.today.swipes === 1)
      await agents.w1.swipe(cards.s1)
      await page.waitForFunction(() => document.querySelector('[data-window="w1"]').dataset.cover === 'staffed')
      assert.match(await tile('w1').innerText(), /服务中/)
      await lobby.waitForFunction(() => document.querySelector('[data-window="w1"]').dataset.cover === 'staffed')
      await lobby.done()

      // A staff member asks for a make-up punch on the phone; the console decides.
      await account(browser, hall, 'yan', { name: '演示员1', role: 'staff', staff: 's1' })
      const me = await open(browser, `${hall.http}/me`, phone)
      await me.waitForURL('**/login?next=*')
      await signIn(me, 'yan', password)
      await me.waitForURL('**/me')
      await me.getByRole('button', { name: '补卡' }).click()
      await me.locator('input[type="time"]').fill('00:00')
      await me.locator('textarea').fill('忘记刷卡')
      await shoot(me, 'me-punch')
      await me.getByRole('button', { name: '提交' }).click()
      await me.locator('[data-request="punch"][data-state="asked"]').waitFor()
      await shoot(me, 'me')
      await assertAccessible(me, '/me')

      await page.locator('nav a[href="#/requests"]').click()
      const request = page.locator('[data-state="asked"]')
      await request.waitFor()
      assert.match(await request.innerText(), /演示员1[\s\S]*忘记刷卡/)
      await shoot(page, 'console-requests')
      await request.getByRole('button', { name: '批准', exact: true }).click()
      await page.locator('[data-request][data-state="approved"]').waitFor()
      await me.reload()
      await me.locator('[data-request="punch"][data-state="approved"]').waitFor()
      await me.locator('[data-slot="ok"]').first().waitFor()
      await me.done()

      // An unknown card is suspected at once, and a decision ends it.
      await agents.w2.swipe(0x12345678)
      await until('the suspicion alarms', async () => Object.keys((await hall.get('live')).alarms).some((id) => id.startsWith('swap_suspected/')))
      await page.locator('nav a[href="#/attendance"]').click()
      const suspect = page.locator('[data-suspect="suspected"]')
      await suspect.waitFor()
      await page.locator('[data-line="s1"] [data-slot="ok"]').waitFor()
      await shoot(page, 'console-attendance')
      await assertAccessible(page, 'attendance')
      await suspect.getByRole('button', { name: '排除' }).click()
      await page.locator('#reason').fill('访客误刷')
      await page.getByRole('dialog').getByRole('button', { name: '排除' }).click()
      await page.locator('[data-suspect="cleared"]').waitFor()

      // A roster comes in from a table: faults by their cells first, then all of it.
      await page.locator('nav a[href="#/roster"]').click()
      await page.getByRole('button', { name: '导入' }).click()
      const table = (name) => ({ name: 'roster.csv', mimeType: 'text/csv', buffer: Buffer.from(`编号,姓名,派驻单位,窗口,卡号,参加工作\ns3,${name},税务局,02,77A10003,2018-07-01\ns4,演示员4,税务局,2,77A10004,去年\n`) })
      await page.locator('#roster-file').setInputFiles(table(''))
      await page.locator('[data-fault="date"]').waitFor()
      assert.match(await page.getByRole('dialog').innerText(), /F3[\s\S]*不是日期/)
      await shoot(page, 'console-import-faults')
      const mended = table('演示员3')
      await page.locator('#roster-file').setInputFiles({ ...mended, buffer: Buffer.from(mended.buffer.toString().replace('去年', '2019-07-01')) })
      await page.locator('[data-import="ready"]').waitFor()
      await page.getByRole('button', { name: '全部导入' }).click()
      await page.locator('[data-staff="s4"]').waitFor()
      await agents.w2.swipe(0x77a10003)
      await until('who was imported serves the window', async () => (await hall.get('live')).windows.w2.cover === 'staffed')

      for (const section of ['roster', 'arrange', 'shifts', 'procedures', 'calendar', 'policy', 'accounts', 'duties', 'inspect']) {
        await page.locator(`nav a[href="#/${section}"]`).click()
        await page.waitForSelector('[data-view="content"]')
        await shoot(page, `console-${section}`)
        await assertAccessible(page, section)
      }
      await page.done()

      // A finding entered on the phone reaches the person, who replies.
      const inspector = await open(browser, `${hall.http}/login?next=%2Fconsole%23%2Finspect`, phone)
      await signIn(inspector, 'admin', password)
      await inspector.locator('#inspect-window').waitFor()
      await inspector.locator('#inspect-window').selectOption('w1')
      await inspector.locator('#inspect-rule').selectOption('appearance')
      await inspector.locator('#inspect-staff').selectOption('s1')
      await inspector.locator('#inspect-note').fill('未佩戴工牌')
      await inspector.locator('#inspect-photo').setInputFiles({ name: 'badge.png', mimeType: 'image/png', buffer: await aPicture(inspector) })
      await shoot(inspector, 'inspect-phone')
      await inspector.locator('form').getByRole('button', { name: '提交' }).click()
      await inspector.getByText('已记录').waitFor()
      await inspector.done()
      const told = await open(browser, `${hall.http}/login?next=/me`, phone)
      await signIn(told, 'yan', password)
      const finding = told.locator('[data-finding="appearance"]')
      await finding.getByRole('button', { name: '答复' }).click()
      await finding.locator('textarea').fill('工牌正在换发')
      await finding.getByRole('button', { name: '提交' }).click()
      await finding.getByText('工牌正在换发').waitFor()
      assert.match((await told.request.get(`${hall.http}${await finding.getByRole('link', { name: '看照片' }).getAttribute('href')}`)).headers()['content-type'], /image\/png/)
      await shoot(told, 'me-finding')
      await told.done()
    } finally {
      await hall.stop()
    }
  })
})
