import { describe, expect, it } from 'vitest'
import { hasQuorum, type Member, quorum, refuseAdd, refuseRemove } from '../../lab/k3s/src/store/members.js'

function member(id: string, learner = false): Member {
  return { id, name: id, nodeName: id, address: '', learner, since: 0 }
}
const three = [member('a'), member('b'), member('c')]

describe('quorum', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [7, 4],
  ])('of %i voters is %i', (voters, need) => {
    expect(quorum(voters)).toBe(need)
  })

  it('does not count learners', () => {
    const members = [member('a'), member('b'), member('c', true)]
    expect(hasQuorum(members, new Set(['a', 'c']))).toBe(false)
    expect(hasQuorum(members, new Set(['a', 'b']))).toBe(true)
  })
})

describe('adding', () => {
  it('takes one learner at a time', () => {
    expect(refuseAdd(three, new Set('abc'), 'd')).toBeUndefined()
    expect(refuseAdd([...three, member('d', true)], new Set('abcd'), 'e')).toBe(
      'etcdserver: too many learner members in cluster',
    )
  })

  it('refuses a second member on the same node', () => {
    expect(refuseAdd(three, new Set('abc'), 'b')).toContain('duplicate node name found')
  })

  it('refuses without a quorum', () => {
    expect(refuseAdd(three, new Set('a'), 'd')).toBe('etcdserver: unhealthy cluster')
  })
})

describe('removing', () => {
  it('takes out a dead member of three', () => {
    expect(refuseRemove(three, new Set('ab'), 'c')).toBeUndefined()
  })

  it('refuses what would leave too few live voters', () => {
    expect(refuseRemove(three, new Set('ab'), 'a')).toContain('not enough started members')
    expect(refuseRemove([member('a')], new Set('a'), 'a')).toContain('not enough started members')
  })

  it('refuses a stranger', () => {
    expect(refuseRemove(three, new Set('abc'), 'x')).toBe('etcdserver: member not found')
  })
})
