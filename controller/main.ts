#!/usr/bin/env node
import process from 'node:process'
import { keepHeapSmall } from './memory.ts'

// Nothing else is loaded before: this may start the process anew.
keepHeapSmall(process)
const { runProcess } = await import('./process.ts')
await runProcess()
