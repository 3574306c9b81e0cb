import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset/dataset.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { png, temporaryFolder, writeTree } from '../helpers.js';

let image: Buffer;
beforeAll(async () => {
  image = await png();
});

/** Images 1.jpg to 6.jpg, which are PNGs, and some tables beside them. */
async function folderWith(tables: Readonly<Record<string, string | Uint8Array>>, images = 6): Promise<string> {
  const folder = await temporaryFolder();
  const files = Array.from({ length: images }, (_, i) => [`${i + 1}.jpg`, image] as const);
  await writeTree(folder, { ...Object.fromEntries(files), ...tables });
  return folder;
}

async function opened(name: string, text: string | Uint8Array, measuring = false): Promise<Dataset> {
  return openDataset(join(await folderWith({ [name]: text }), name), { check: false, measuring });
}

/** `train 1=cat 2=dog` */
function essence({ train, validation, test, classes }: Dataset): string {
  return Object.entries({ train, validation, test })
    .flatMap(([name, split]) => {
      if (split?.source.kind !== 'files') return [];
      const images = split.source.paths.map(
        (path, i) => `${/(\w+)\.jpg$/.exec(path)?.[1]}=${classes[split.labels[i] ?? -1]}`,
      );
      return [`${name} ${images.join(' ')}`];
    })
    .join('; ');
}

describe('a table', () => {
  it.each([
    ['of usual columns', 'a.csv', 'image_path,category\n1.jpg,dog\n2.jpg,cat\n', 'train 2=cat 1=dog'],
    ['with other columns beside', 'a.csv', 'id,Class,width,File Name\n7,b,10,1.jpg\n8,a,10,2.jpg\n', 'train 2=a 1=b'],
    ['with quoted fields', 'a.csv', '"file","label"\n"1.jpg","a, ""b"""\n2.jpg,"c\nd"\n', 'train 1=a, "b" 2=c\nd'],
    [
      'of semicolons, CRLF and a byte order mark',
      'a.csv',
      '\ufeffpath;label;set\r\n1.jpg;a;train\r\n2.jpg;b;training\r\n3.jpg;a;valid\r\n4.jpg;b;TEST\r\n',
      'train 1=a 2=b; validation 3=a; test 4=b',
    ],
    ['of tabs', 'a.tsv', 'filename\ttags\n1.jpg\ta b\n2.jpg\tc\n', 'train 1=a b 2=c'],
    ['without a header', 'a.csv', '1.jpg,a,train\n2.jpg,b,train\n3.jpg,b,test\n', 'train 1=a 2=b; test 3=b'],
    ['of spaces and numbers', 'list.txt', '1.jpg 10\n2.jpg 9\n', 'train 1=10 2=9'],
    ['whose files lack their endings', 'a.csv', 'image,label\n1,a\n2,b\n', 'train 1=a 2=b'],
    [
      'of JSON lines',
      'a.jsonl',
      '{"file_name": "1.jpg", "label": 3}\n\n{"split": "test", "file_name": "2.jpg", "label": 3}\n{"file_name": "3.jpg", "label": ["x"]}\n',
      'train 1=3 3=x; test 2=3',
    ],
    ['with folds that are no splits', 'a.csv', 'path,label,fold\n1.jpg,a,0\n2.jpg,b,1\n', 'train 1=a 2=b'],
    ['that names a file twice', 'a.csv', 'path,label\n1.jpg,a\n1.jpg,a\n2.jpg,b\n', 'train 1=a 2=b'],
  ])('%s is read', async (_, name, text, expected) => {
    expect(essence(await opened(name, text))).toBe(expected);
  });

  it('may be UTF-16, or of an older encoding, which is said', async () => {
    const text = 'path,label\n1.jpg,käfer\n2.jpg,ameise\n';
    expect((await opened('a.csv', Buffer.from(`\ufeff${text}`, 'utf16le'))).classes).toEqual(['ameise', 'käfer']);
    const { classes, notes } = await opened('a.csv', Buffer.from(text, 'latin1'));
    expect([classes, notes]).toEqual([['ameise', 'käfer'], [expect.stringContaining('read as Windows-1252')]]);
  });

  it('says what it guesses and what is left out', async () => {
    const { skipped, notes } = await opened('a.csv', '1.jpg,a\n2.jpg,b\n7.jpg,a\n3.jpg,\n,b\n8.jpg,a\n');
    expect(skipped.map(({ path, reason }) => `${path.replace(/^.*line/, 'line')}: ${reason}`)).toEqual([
      'line 3: there is no file 7.jpg',
      'line 4: the row has no label for 3.jpg',
      'line 5: the row has no path',
      'line 6: there is no file 8.jpg',
    ]);
    expect(notes).toEqual([
      'the table has no header: its columns are taken for image, label, in this order',
      '2 of the 6 files that the table names are not there: 7.jpg, 8.jpg',
    ]);
  });

  it.each([
    [
      'no file is there',
      'path,label\nx/1.jpg,a\nx/2.jpg,b\n',
      /none of the files .* got x\/1\.jpg, x\/2\.jpg \(2 in all\)/,
    ],
    [
      'columns are unknown',
      'id,score\n1,2\n',
      /its first row is neither a header nor an image and its label: expected a column of paths .* got id, score/,
    ],
    [
      'a split is unknown',
      'path,label,split\n1.jpg,a,train\n2.jpg,b,holdout\n',
      /the split in line 3: expected train, val or test, got "holdout"/,
    ],
    [
      'a class is not in training',
      'path,label,split\n1.jpg,a,train\n2.jpg,b,train\n3.jpg,c,test\n',
      /a class is not in the training split: expected one of a, b, got c for .*3\.jpg/,
    ],
    ['there is one class', 'path,label\n1.jpg,a\n2.jpg,a\n', /of two classes or more/],
    [
      'no row is of training',
      'path,label,split\n1.jpg,a,test\n',
      /there are no training images: got 1 of other splits/,
    ],
    ['nothing is in it', '\n', /the table is empty/],
    ['a quote has no end', 'path,label\n"1.jpg,a\n2.jpg,b\n', /the table can't be read: .*Quote/],
  ])('is an error where %s', async (_, text, message) => {
    await expect(opened('a.csv', text)).rejects.toThrow(message);
  });

  it('of JSON lines is an error where a line is none', async () => {
    await expect(opened('a.jsonl', '{"path": "1.jpg", "label": 1}\nnonsense\n')).rejects.toThrow(
      /line 2 is not valid JSON/,
    );
    await expect(opened('a.jsonl', '[1]\n')).rejects.toThrow(/line 1: expected an object/);
  });

  it.each([
    ['bars', 'path,label\n1.jpg,a|b\n2.jpg,a\n', 'a, b for'],
    ['semicolons', 'path,tags\n1.jpg,c;a\n2.jpg,a\n', 'c, a for'],
    ['a list', 'path,labels\n1.jpg,"[""x"", ""y""]"\n2.jpg,a\n', 'x, y for'],
    ['several rows', 'path,label\n1.jpg,a\n1.jpg,b\n2.jpg,a\n', 'a, b for'],
  ])('with several labels of an image, by %s, is an error that says so', async (_, text, got) => {
    await expect(opened('a.csv', text)).rejects.toThrow(
      new RegExp(`1 of its 2 images have several labels: .*got ${got} .*1\\.jpg`),
    );
  });

  it('of images that are only measured needs no training split', async () => {
    expect(essence(await opened('a.csv', 'path,label,split\n1.jpg,a,test\n', true))).toBe('train ; test 1=a');
  });
});

describe('a folder with tables', () => {
  it('is that of its table where it has no class folders', async () => {
    const folder = await folderWith({
      'labels.csv': 'path,label\n1.jpg,a\nimages/x.jpg,b\n',
      'images/x.jpg': image,
      'notes.csv': 'a,b\n1,2\n',
    });
    expect(essence(await openDataset(folder, { check: false }))).toBe('train 1=a x=b');
  });

  it('may have one for each split, and the images in a folder', async () => {
    const folder = await temporaryFolder();
    await writeTree(folder, {
      'train.csv': 'image,label\nx.jpg,a\ny.jpg,b\n',
      'test.csv': 'image,label\nz.jpg,b\n',
      ...Object.fromEntries(['x', 'y', 'z'].map((name) => [`images/${name}.jpg`, image])),
    });
    expect(essence(await openDataset(folder, { check: false }))).toBe('train x=a y=b; test z=b');
  });

  it('is that of its class folders where it has both', async () => {
    const folder = await folderWith({
      'labels.csv': 'path,label\n1.jpg,a\n2.jpg,b\n',
      'c/3.jpg': image,
      'd/4.jpg': image,
    });
    expect((await openDataset(folder, { check: false })).classes).toEqual(['c', 'd']);
  });

  it('is an error where it has several', async () => {
    const text = 'path,label\n1.jpg,a\n2.jpg,b\n';
    await expect(openDataset(await folderWith({ 'a.csv': text, 'b.csv': text }))).rejects.toThrow(
      /several tables of images: got a\.csv, b\.csv/,
    );
  });
});
