import { describe, expect, test } from 'vitest'
import type { Filters } from '../../../src/core/plan/filters.ts'
import { isFiltered } from '../../../src/core/plan/filters.ts'

const none: Filters = {
  doDb: [],
  ignoreDb: [],
  doTable: [],
  ignoreTable: [],
  wildDoTable: [],
  wildIgnoreTable: [],
  ignoreServerIds: [],
  domains: [],
}

describe('shop.orders', () => {
  test.each<[Partial<Filters>, boolean]>([
    [{}, false],
    [{ doDb: ['shop'] }, false],
    [{ doDb: ['other'] }, true],
    [{ ignoreDb: ['shop'] }, true],
    [{ ignoreDb: ['other'] }, false],
    // With a do-rule for schemas, the ignore-rules for them are not asked.
    [{ doDb: ['shop'], ignoreDb: ['shop'] }, false],
    [{ doTable: ['shop.orders'] }, false],
    [{ doTable: ['shop.stock'] }, true],
    [{ ignoreTable: ['shop.orders'] }, true],
    [{ ignoreTable: ['shop.stock'] }, false],
    [{ doTable: ['shop.orders'], ignoreTable: ['shop.orders'] }, false],
    [{ wildDoTable: ['shop.%'] }, false],
    [{ wildDoTable: ['sh_p.ord%'] }, false],
    [{ wildDoTable: ['shop.x%'] }, true],
    [{ wildIgnoreTable: ['shop.%'] }, true],
    [{ wildIgnoreTable: [String.raw`sho\_.%`] }, false],
    [{ wildIgnoreTable: ['shop.order'] }, false],
    [{ wildIgnoreTable: ['shop.orders', 'x.y'] }, true],
    [{ wildIgnoreTable: ['shop_orders'] }, true],
    [{ wildIgnoreTable: ['SHOP.%'] }, false],
    [{ doDb: ['shop'], ignoreTable: ['shop.orders'] }, true],
    [{ ignoreTable: ['shop.orders'], wildDoTable: ['shop.%'] }, true],
    [{ wildDoTable: ['shop.%'], wildIgnoreTable: ['shop.%'] }, false],
  ])('under %j is left out: %s', (rules, isOut) => {
    expect(isFiltered({ ...none, ...rules }, 'shop', 'orders')).toBe(isOut)
  })

  test('an underscore that is escaped means itself', () => {
    const rules = { ...none, wildIgnoreTable: [String.raw`a\_b.t%`] }
    expect(['a_b', 'axb'].map((schema) => isFiltered(rules, schema, 'table'))).toEqual([true, false])
  })
})
