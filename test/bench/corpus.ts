/** The same 1,000 (10,000) stacks that the numbers of a real Komodo Core were taken with: inline contents, two lines of environment, one tag. */
export const stackBlock = (index: number, servers: number): string => {
  const name = `stack-${String(index).padStart(5, '0')}`
  return `[[stack]]
name = "${name}"
description = "Stack number ${index}"
tags = ["bench"]
deploy = true
[stack.config]
server = "server-${index % servers}"
auto_pull = false
file_contents = """
services:
  web:
    image: busybox:test
    init: true
    command: ["sleep", "infinity"]
"""
environment = """
NAME = ${name}
INDEX = ${index}
"""
`
}

export const serverBlock = (index: number): string => `[[server]]
name = "server-${index}"
[server.config]
address = "local"
enabled = true
`

/** `perFile` blocks in each file. */
export const stackFiles = (stacks: number, servers: number, perFile: number): { path: string; text: string }[] => {
  const blocks = [
    ...Array.from({ length: servers }, (_, index) => serverBlock(index)),
    ...Array.from({ length: stacks }, (_, index) => stackBlock(index, servers)),
  ]
  const files: { path: string; text: string }[] = []
  for (let at = 0; at < blocks.length; at += perFile) {
    files.push({
      path: `stacks-${String(files.length).padStart(4, '0')}.toml`,
      text: blocks.slice(at, at + perFile).join('\n'),
    })
  }
  return files
}
