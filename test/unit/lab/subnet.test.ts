import { describe, expect, it } from 'vitest'
import { addressOf, chooseSubnet, overlap, takenRanges } from '../../lab/subnet.js'

describe('takenRanges', () => {
  it('finds the ranges in what ip prints, and no default route', () => {
    const text = [
      '1: lo    inet 127.0.0.1/8 scope host lo',
      'default via 192.0.2.1 dev eth0',
      '10.213.7.0/24 dev tsl0 proto kernel scope link src 10.213.7.1',
    ].join('\n')
    expect(takenRanges(text)).toEqual(['127.0.0.1/8', '192.0.2.1', '10.213.7.0/24', '10.213.7.1'])
  })
})

describe('overlap', () => {
  it.each([
    ['10.213.7.0/24', '10.213.7.9', true],
    ['10.213.7.0/24', '10.0.0.0/8', true],
    ['10.213.7.0/24', '10.213.6.128/25', false],
    ['10.213.7.0/24', '0.0.0.0/0', true],
    ['10.213.7.0/24', '10.213.8.1', false],
  ])('%s and %s: %s', (a, b, shared) => {
    expect(overlap(a, b)).toBe(shared)
    expect(overlap(b, a)).toBe(shared)
  })
})

describe('chooseSubnet', () => {
  it('takes the seed when it is free', () => expect(chooseSubnet(7, ['192.0.2.0/24'])).toBe('10.213.7'))

  it('goes on to the next free one, around the end', () => {
    expect(chooseSubnet(254, ['10.213.254.0/23', '10.213.0.1'])).toBe('10.213.1')
  })

  it('says so when none is free', () => {
    expect(() => chooseSubnet(7, ['10.0.0.0/8'])).toThrow('no free subnet in 10.213.0.0/16')
  })
})

describe('addressOf', () => {
  it('gives every kind its own part of the subnet', () => {
    const first = (['server', 'agent', 'busybox'] as const).map((kind) => addressOf('10.213.7', kind, 1))
    expect(first).toEqual(['10.213.7.11', '10.213.7.51', '10.213.7.201'])
  })

  it('ends before the next kind begins', () => {
    expect(addressOf('10.213.7', 'server', 39)).toBe('10.213.7.49')
    expect(() => addressOf('10.213.7', 'server', 40)).toThrow('at most 39 server hosts')
  })
})
