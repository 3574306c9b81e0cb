import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchors, localLinks, PAGES, ROOT, readPage, shellLines } from './markdown.js';

const LONGEST_LINE = 140;

describe('the page', () => {
  it.each(PAGES)('%s links to what is there', (path) => {
    const broken = localLinks(path).filter((target) => {
      const [file = '', heading] = target.split('#');
      if (!existsSync(join(ROOT, file))) return true;
      return heading !== undefined && !anchors(readPage(file)).includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it('README.md has no line over 140 columns', () => {
    const lines = readPage('README.md').split('\n');
    expect(lines.filter((line) => line.length > LONGEST_LINE)).toEqual([]);
  });

  it.each(PAGES)('%s names files that are there', (path) => {
    const named = [...readPage(path).matchAll(/`((?:src|test|scripts|docs|models|examples)\/[\w./-]+)`/g)];
    expect(named.map(([, file = '']) => file).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe('the reading of pages', () => {
  it('finds commands, links and headings', () => {
    const page = 'x\n```sh\na b   # c\n# d\n\ne --f "#0"\n```\n## How it *is*, said\n';
    expect(shellLines(page)).toEqual(['a b', 'e --f "#0"']);
    expect(anchors(page)).toContain('how-it-is-said');
    expect(localLinks('README.md')).toContain('docs/runs.md#the-same-numbers-again');
  });
});
