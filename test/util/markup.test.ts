import { describe, expect, it } from 'vitest';
import { toHtml, toMarkdownText } from '../../src/util/markup.js';

describe('a text from outside', () => {
  it.each([
    [`<img src=x onerror="f('y')">`, '&lt;img src=x onerror=&quot;f(&#39;y&#39;)&quot;&gt;'],
    ['a & b &lt;', 'a &amp; b &amp;lt;'],
    ['\x1b[2J\u202eb', '?[2J?b'],
  ])('%j is %s in HTML', (text, html) => expect(toHtml(text)).toBe(html));

  it.each([
    ['tags', '<img src=x> </p> <!-- <?x <http://a.b>', '&lt;img src=x> &lt;/p> &lt;!-- &lt;?x &lt;http://a.b>'],
    ['entities', '&lt;b&gt; &#60; a & b', '&amp;lt;b&amp;gt; &amp;#60; a & b'],
    ['links', '[a](javascript:x) ![a](b) [a][b]', '[a\\](javascript:x) ![a\\](b) [a\\][b]'],
    ['emphasis and code', '*a* _b_ `c` ~d~ $e$', '\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\$e\\$'],
    ['columns and breaks', 'a|b\nc', 'a\\|b?c'],
    ['what escapes an escape', 'a\\|b \\<i>', 'a\\\\\\|b \\\\&lt;i>'],
    ['ESC and turned text', '\x1b[2J\u202eb', '?[2J?b'],
  ])('has no %s in Markdown', (_, text, markdown) => expect(toMarkdownText(text)).toBe(markdown));

  it('that is plain stays as it is in Markdown', () => {
    const plain = 'mobilenet_v2 − x: +2.00 points [−10.71, +14.71], p < 0.001 & (Holm) #1 {"lr":0.1}';
    expect(toMarkdownText(plain)).toBe(plain);
  });
});
