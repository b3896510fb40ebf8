import { describe, expect, it } from 'vitest'
import { workBetween, workIn } from './redis-info.ts'

const INFO = [
  '# Commandstats',
  'cmdstat_evalsha:calls=10,usec=200,usec_per_call=20.00,rejected_calls=0,failed_calls=1',
  'cmdstat_get:calls=9,usec=9,usec_per_call=1.00,rejected_calls=0,failed_calls=0',
  'cmdstat_client|setinfo:calls=2,usec=3,usec_per_call=1.50,rejected_calls=0,failed_calls=0',
  'cmdstat_info:calls=7,usec=700,usec_per_call=100.00,rejected_calls=0,failed_calls=0',
  '',
  '# CPU',
  'used_cpu_sys:0.250000',
  'used_cpu_user:1.500000',
  'used_cpu_sys_children:9.000000',
  'used_cpu_user_main_thread:1.400000',
  '',
].join('\r\n')

describe('what a server has done', () => {
  it('is all commands but INFO, those of a container included, and the time of its process', () => {
    expect(workIn(INFO)).toEqual({ commands: 21, processorUs: 1_750_000 })
  })

  it('is nothing where INFO says nothing', () => {
    expect(workIn('')).toEqual({ commands: 0, processorUs: 0 })
  })

  it('from one reading to the next is their difference', () => {
    const before = { commands: 1, processorUs: 10 }
    expect(workBetween(before, { commands: 5, processorUs: 25 })).toEqual({ commands: 4, processorUs: 15 })
  })
})
