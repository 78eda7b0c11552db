import assert from 'node:assert/strict'
import { test } from 'node:test'
import hotelDeployment from '../src/examples/hotel/deployment.yaml?raw'
import hotelService from '../src/examples/hotel/service.yaml?raw'
import redisService from '../src/examples/redis/redis-clusterip.yaml?raw'
import { repairOf } from '../src/repair.ts'

const flat = (text: string): string => text.replace(/ *#.*/g, '').replace(/^ +/gm, '')

test('a manifest that is whole is left alone', () => {
  for (const text of [hotelDeployment, hotelService, redisService, '', 'kind: Service\n']) assert.equal(repairOf(text), undefined)
})

test('lost indentation comes back as it was printed', () => {
  for (const text of [hotelDeployment, hotelService, redisService]) {
    assert.equal(repairOf(flat(text))?.repaired, text.replace(/ *#.*/g, ''))
  }
})

test('a list that lost its dashes too gets them back', () => {
  assert.equal(repairOf(flat(redisService).replace('- port', 'port'))?.repaired, redisService)
})

test("a page's button in front of the manifest goes", () => {
  assert.equal(repairOf(`  Edit${hotelService}`)?.repaired, hotelService)
})
