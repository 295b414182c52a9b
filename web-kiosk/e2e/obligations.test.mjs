// What departments and windows owe, entered in the console against a real hub.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, launch, shoot } from './fixture/browser.mjs'
import { later } from './fixture/furnished.mjs'
import { Hall } from './fixture/hall-programs.mjs'
import { account, administrator, consoleOf } from './fixture/people.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const dialog = (page) => page.getByRole('dialog')

async function furnish(hall) {
  const { day } = (await hall.get('live')).hall
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  await hall.send('PUT', 'departments/fund', { name: '住房公积金中心' })
  for (const [n, department] of [[1, '民政局'], [2, '住房公积金中心']]) {
    await hall.send('PUT', `windows/w${n}`, { number: `0${n}`, name: n === 1 ? '婚姻登记' : '公积金', department })
    await hall.send('PUT', `staff/s${n}`, { name: `演示员0${n}`, department: n === 1 ? 'civil' : 'fund', employment: 'in_post', work_since: '2015-07-01', born: '1988-05-01' })
    await hall.send('PUT', `posts/p${n}`, { window: `w${n}`, name: '综合岗' })
    await hall.send('POST', `staff/s${n}/post`, { post: `p${n}`, from: `${Number(day.slice(0, 4)) - 1}-01-01` })
    await hall.send('PUT', `windows/w${n}/representative`, { staff: `s${n}`, from: `${Number(day.slice(0, 4)) - 1}-01-01` })
  }
  await hall.send('PUT', 'services/a', { name: '婚姻登记', department: 'civil', prefix: 'A', windows: ['w1'] })
  return day
}

describe('obligations', () => {
  test('are entered, met and taken back', { timeout: 300_000 }, async () => {
    const hall = new Hall()
    try {
      await hall.startHub()
      const day = await furnish(hall)
      await administrator(browser, hall)
      await account(browser, hall, 'fund', { name: '演示联络员', role: 'liaison', department: 'fund' })
      const page = await consoleOf(browser, hall, 'admin', 'hall', { viewport: { width: 1440, height: 900 } })
      const go = async (view, on = page) => {
        await on.goto(`${hall.http}/console#/${view}`)
        await on.waitForSelector('section.view[aria-busy="false"] [data-view="content"], section.view [data-view="empty"]')
      }
      const submit = async (values, button, on = page) => {
        for (const [name, value] of Object.entries(values)) {
          const field = dialog(on).locator(`[data-field="${name}"] :is(input, textarea, select)`)
          if (await field.evaluate((element) => element.tagName) === 'SELECT') await field.selectOption(value)
          else await field.fill(value)
        }
        await dialog(on).getByRole('button', { name: button, exact: true }).click()
        await dialog(on).waitFor({ state: 'detached' })
      }

      await go('obligations/exchanges')
      await page.locator('[data-enter]').click()
      await submit({ window: 'w1', text: '下月人员安排' }, '保存')
      await page.locator('[data-entry="exchange.held"]').getByText('下月人员安排').waitFor()

      await go('obligations/reports')
      await page.locator('[data-enter]').click()
      await submit({ title: '办件量月报', whom: 'department', department: 'civil', due: day }, '保存')
      await page.locator('[data-report="办件量月报"] [data-file]').first().click()
      await submit({ text: '已交' }, '登记报送')
      await page.locator(`[data-report="办件量月报"] [data-due="${day}"]`).getByText('已报送').waitFor()

      await go('obligations/tasks')
      await page.locator('[data-enter]').click()
      await submit({ title: '更新样表', whom: 'window', window: 'w1', due: day, text: '按新标准' }, '保存')
      for (const [act, button] of [['report', '报告完成'], ['return', '退回'], ['report', '报告完成']]) {
        await page.locator(`[data-task="更新样表"] [data-do="${act}"]`).click()
        await submit(act === 'return' ? { reason: '缺一张' } : { text: '完成' }, button)
      }
      await page.locator('[data-task="更新样表"][data-state="reported"]').getByText('缺一张').waitFor()

      await go('obligations/items')
      await page.locator('[data-enter]').click()
      await submit({ item: 'XK-01', name: '结婚登记', department: 'civil', service: 'a', document: '演示〔2026〕3号' }, '保存')
      await page.locator('[data-item="XK-01"]').getByText('办事指南缺').waitFor()
      await page.locator('[data-item="XK-01"]').getByRole('button', { name: '登记场外办理' }).click()
      await submit({ place: '局机关', evidence: '受理通知书' }, '保存')
      await page.locator('[data-entry="item.elsewhere"] [data-withdraw]').click()
      await submit({ reason: '登错' }, '撤回')
      await page.locator('[data-entry="item.elsewhere"]').getByText('已撤回：登错').waitFor()
      await page.locator('[data-guide]').click()
      await submit({ window: 'w1', what: 'sample' }, '保存')
      await page.locator('[data-entry="guide.missing"]').getByText('样表').waitFor()

      // A department asks, the bureau examines, the government decides.
      const liaison = await consoleOf(browser, hall, 'fund', 'obligations/withdrawals', { viewport: { width: 1440, height: 900 } })
      await go('obligations/withdrawals', liaison)
      await liaison.locator('[data-enter]').click()
      await submit({ window: 'w2', document: '演示公积金〔2026〕12号', reason: '业务并入综合窗口' }, '申请撤出', liaison)
      await liaison.locator('[data-withdrawal="w2"] [data-paper="examined"][data-paper-state="next"]').waitFor()
      assert.equal(await liaison.locator('[data-do]').count(), 0)
      await liaison.done()
      await go('obligations/withdrawals')
      await page.locator('[data-do="examine"]').click()
      await submit({ document: '演示政务〔2026〕31号' }, '审查并上报')
      await page.locator('[data-do="approve"]').click()
      await submit({ document: '演示政府〔2026〕50号', from: day }, '登记批准')
      await page.locator('[data-withdrawal="w2"][data-state="approved"]').waitFor()
      await shoot(page, 'obligations-withdrawal')
      await assertAccessible(page, 'a withdrawal')

      await go('obligations/honours')
      await page.locator('[data-enter]').click()
      await submit({ whom: 'staff', staff: 's1', document: '表扬信', text: '帮助老人' }, '保存')
      await page.locator('[data-entry="commendation.given"]').getByText('帮助老人').waitFor()
      await page.locator('[data-expose]').click()
      await submit({ source: 'secret_visit', whom: 'window', window: 'w1', document: '通报第3期', text: '空岗' }, '保存')
      await page.locator('[data-entry="exposure.entered"]').getByText('暗访').waitFor()

      await go('obligations/own-scores')
      await page.locator('[data-enter]').click()
      await submit({ department: 'fund', document: '公积金考核表', text: '现场查见' }, '认定自行考核')
      await page.locator('[data-entry="scoring.confirmed"]').waitFor()

      for (const as of ['leaver', 'successor']) await hall.send('POST', 'handovers', { staff: 's1', successor: 's2', as })
      await hall.send('POST', 'changes', { change: 'c1', staff: 's1', successor: 's2', document: '演示〔2026〕3号', wanted_on: later(day, 40) })
      await hall.send('POST', 'changes/c1/decide', { approved: true })
      await hall.send('POST', 'staff/s1/depart', { from: later(day, 40), document: '演示〔2026〕4号' })
      await go('evaluations')
      await page.locator('[data-enter]').click()
      await submit({ staff: 's1' }, '起草评价')
      await page.locator('[data-evaluation="s1"] a').click()
      const area = page.locator('#evaluation')
      await area.waitFor()
      await area.fill('在大厅工作期间遵守制度，受到表扬一次。')
      await page.getByRole('button', { name: '保存' }).click()
      await page.locator('[data-sign]:not([disabled])').click()
      await dialog(page).getByRole('button', { name: '签署' }).click()
      await page.locator('[data-signed]').waitFor()
      await shoot(page, 'obligations-evaluation')
      await assertAccessible(page, 'a signed evaluation')
      await page.done()
    } finally {
      await hall.stop()
    }
  })
})
