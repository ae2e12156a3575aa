/** Where a plan of ours says something else than Komodo Core does, and why; see `controller/sync/core-recordings.test.ts`. */

interface Listed {
  reason: string
  differences: readonly string[]
}

const deletesItself = {
  reason: 'Core would delete the sync that runs when its own files do not declare it; here a sync never deletes itself',
  differences: ['only Core: delete ResourceSync/core-recording'],
}

/**
 * Every difference, by probe and step, with its reason. Where one of us does nothing because a file is wrong, what the other does is
 * not compared: with an error in one block Core does nothing at all, we do what stands in the others.
 */
export const listed: Readonly<Record<string, Readonly<Record<number, readonly Listed[]>>>> = {
  'root-singular-minimal': {
    0: [
      {
        reason: 'Core leaves out a sync without source; here it is there and says so',
        differences: ['only we: create ResourceSync/rs'],
      },
    ],
  },
  'root-unknown-tables': {
    0: [
      {
        reason: 'Komodo dropped server templates; here they are kept',
        differences: ['only we: create ServerTemplate/t'],
      },
    ],
  },
  'root-folder-error-path': {
    0: [
      {
        reason: 'Core names the folder, not the file in it that is wrong',
        differences: ['only Core: refuse x', 'only we: refuse x/bad.toml', 'only we: refuse x/bad2.toml'],
      },
    ],
  },
  'root-resource-path-empty': {
    0: [
      { reason: 'no path means the whole source here, and nothing to Core', differences: ['only we: create Server/a'] },
    ],
  },
  'name-odd': {
    0: [
      {
        reason: 'Core plans an object with an empty name, and fails to create it',
        differences: ['only we: refuse a.toml'],
      },
    ],
  },
  'dup-two-files': {
    0: [
      {
        reason:
          'two different declarations of one name: Core flips between them with every run, we do neither and say so',
        differences: ['only Core: create Server/s1', 'only Core: create UserGroup/g', 'only Core: create Variable/V'],
      },
    ],
  },
  'ref-removed': {
    1: [
      deletesItself,
      {
        reason: 'an Alerter that names what it is about never converges in Core',
        differences: ['only Core: update Alerter/al'],
      },
    ],
  },
  'mls-stray-delimiter': {
    0: [{ reason: 'a delimiter in a comment shifts how Core pairs them', differences: ['only Core: refuse a.toml'] }],
  },
  'type-float-nan': {
    0: [
      {
        reason: 'Core stores nan, which never equals itself; no API can hold it',
        differences: ['only Core: create Server/s1', 'only Core: create Server/s2', 'only we: refuse a.toml'],
      },
    ],
  },
  'tags-shapes': {
    1: [
      {
        reason: 'Core never stored a tag that looks like an id, so it has none to take away',
        differences: ['only we: update Server/s4'],
      },
    ],
  },
  'stack-env-files-string': {
    0: [{ reason: 'a text for a list of files is taken as up to 1.19', differences: ['only Core: refuse a.toml'] }],
  },
  'procedure-unknown-type': {
    0: [{ reason: 'an execution of 1.13 is taken for what it became', differences: ['only Core: refuse a.toml'] }],
  },
  'version-forms': {
    1: [
      {
        reason:
          'Core counts builds in the field and so never resets it; here it is what is asked for, and goes when it is no longer',
        differences: ['a', 'b', 'd', 'f'].map((name) => `only we: update Build/${name}`),
      },
    ],
  },
  'builder-variants': {
    1: [
      {
        reason: 'Core does not see that the type of a Builder changes when all params are default',
        differences: ['only we: update Builder/aws', 'only we: update Builder/aws-empty'],
      },
    ],
  },
  'builder-switch-to-defaults': {
    1: [{ reason: 'the same', differences: ['only we: update Builder/b'] }],
  },
  'variable-shapes': {
    1: [
      {
        reason:
          'Core could not create a variable whose value has two lines; here it is there, and says what is wrong with it',
        differences: ['only Core: create Variable/MULTI', 'only we: update Variable/MULTI'],
      },
      {
        reason: 'Core does not see a change of is_secret alone, and does it all the same',
        differences: ['only we: update Variable/A'],
      },
    ],
  },
  'variable-bad-names': {
    0: [{ reason: 'Core plans names that it then fails to create', differences: ['only we: refuse a.toml'] }],
  },
  'sync-kinds': {
    0: [
      {
        reason: 'Core leaves out syncs with inline contents or without source; here every sync can be declared',
        differences: ['only we: create ResourceSync/inline', 'only we: create ResourceSync/nothing'],
      },
    ],
  },
  'match-tags': {
    2: [
      {
        reason:
          'Core looks for the tags in what it stored, misses the object that has them in the file only, and fails to create it again',
        differences: ['only Core: create Server/tagged', 'only we: update Server/tagged'],
      },
    ],
  },
  'delete-all': {
    1: [
      deletesItself,
      {
        reason: 'a source that declares nothing deletes everything in Core; here it deletes nothing',
        differences: [
          'Action/a',
          'Alerter/al',
          'Build/b',
          'Builder/bu',
          'Deployment/d',
          'Procedure/p',
          'Repo/r',
          'ResourceSync/rs',
          'Server/s1',
          'Stack/st',
          'Swarm/sw',
          'UserGroup/g',
          'Variable/V',
        ].map((key) => `only Core: delete ${key}`),
      },
    ],
  },
  'meta-only': {
    1: [
      {
        reason: 'Core does not see a change of template alone, and does it all the same',
        differences: ['only we: update Server/tmpl'],
      },
    ],
  },
  'template-sync': {
    0: [{ reason: 'Core deploys a template', differences: ['only Core: deploy Stack/t'] }],
  },
  'deploy-after-unknown': {
    0: [
      {
        reason: 'in Core a Deployment cannot wait for a Stack',
        differences: ['only Core: deploy Deployment/c', 'only we: deploy Deployment/c after Stack/a'],
      },
    ],
  },
  'deploy-name-both': {
    0: [
      {
        reason: 'a name that a Deployment and a Stack have means both here, and in Core the Deployment',
        differences: [
          'only Core: deploy Deployment/d after Deployment/x',
          'only Core: deploy Stack/s after Stack/x',
          'only we: deploy Deployment/d after Deployment/x, Stack/x',
          'only we: deploy Stack/s after Deployment/x, Stack/x',
        ],
      },
    ],
  },
  'deploy-self': {
    0: [
      { reason: 'Core waits for ever; here it is an error', differences: ['only Core: deploy Stack/a after Stack/a'] },
    ],
  },
  'deploy-cycle': {
    0: [
      {
        reason: 'Core waits for ever; here it is an error',
        differences: ['only Core: deploy Stack/a after Stack/b', 'only Core: deploy Stack/b after Stack/a'],
      },
    ],
  },
  'group-bad-regex': {
    0: [
      {
        reason: 'one pattern that cannot be read stops everything in Core',
        differences: ['only we: create Server/s1', 'only we: create UserGroup/badregex'],
      },
    ],
  },
  'delete-self-declared': {
    0: [
      { reason: 'what a sync declares carries its name', differences: ['only we: update ResourceSync/core-recording'] },
    ],
  },
  'rename-is-new': {
    1: [
      { reason: 'what a sync declares carries its name', differences: ['only we: update ResourceSync/core-recording'] },
    ],
  },
  'commit-managed': {
    0: [deletesItself],
    1: [
      deletesItself,
      {
        reason: 'managed alone deletes nothing here, only `delete` does',
        differences: ['only Core: delete UserGroup/g', 'only Core: delete Variable/V'],
      },
      {
        reason: 'deploy is part of the object here, and turning it on deploys',
        differences: ['only we: deploy Stack/st', 'only we: update Stack/st'],
      },
    ],
  },
  'commit-two-paths': { 0: [deletesItself], 1: [deletesItself] },
  'live-deployment-chain': {
    4: [{ reason: 'after is part of the object here', differences: ['only we: update Deployment/orc-d3'] }],
  },
  'live-stack-chain': {
    3: [
      {
        reason: 'what is built is part of what runs: run_build counts at once, in Core at the next deploy',
        differences: ['only we: deploy Stack/orc-s1', 'only we: deploy Stack/orc-s2 after Stack/orc-s1'],
      },
    ],
    4: [deletesItself],
  },
  'live-mixed-after': {
    1: [
      {
        reason: 'in Core only Deployments wait for Deployments that are new, and Stacks for Stacks',
        differences: [
          'only Core: deploy Deployment/orc-dep-after-stack',
          'only Core: deploy Stack/orc-stack-after-dep',
          'only we: deploy Deployment/orc-dep-after-stack after Stack/orc-stack',
          'only we: deploy Stack/orc-stack-after-dep after Deployment/orc-dep',
        ],
      },
    ],
    2: [deletesItself],
  },
  'live-failed-parent': {
    2: [
      {
        reason:
          'a deploy that failed is tried again by the object itself, without what is healthy behind it; a plan tells what a revision changes',
        differences: [
          'only Core: deploy Deployment/orc-bad',
          'only Core: deploy Deployment/orc-child after Deployment/orc-bad',
          'only Core: deploy Stack/orc-badstack',
          'only Core: deploy Stack/orc-childstack after Stack/orc-badstack',
        ],
      },
    ],
    3: [deletesItself],
  },
}

const twice = 'two different declarations of one name: Core flips between them with every run, we do neither and say so'

/** The same for repositories, each pass of them. */
export const listedOfRepositories: Readonly<Record<string, Listed>> = {
  MarioGK__Homelab: { reason: twice, differences: ['only Core: create Stack/speedtest-tracker'] },
  Nomsplease__Komodo_Stacks: { reason: twice, differences: ['only Core: create Stack/tdarr'] },
  'howlil__sop-generate-app': { reason: twice, differences: ['only Core: create ResourceSync/sop-app-resources'] },
  'mbecker20__komodo@2024-05-28': {
    reason: 'Komodo dropped server templates; here they are kept',
    differences: ['only we: create ServerTemplate/hetzno', 'only we: create ServerTemplate/mogh-template'],
  },
}
