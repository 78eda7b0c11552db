import './packets.test.ts'
import './repair.test.ts'
import './script.test.ts'
import './terminal.test.ts'
