import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { toMarkdownText } from '../util/markup.js';
import { AGON_VERSION } from '../util/version.js';
import type { PageDescription } from './content/page-description.js';

/** `README.md` of the page's folder. */
export function readme({ title, classes }: PageDescription): string {
  return `# ${toMarkdownText(title)}

A page that runs an image classifier of ${classes.length} classes in the browser. Images stay there. Written by Agon ${AGON_VERSION}.

Any web server that serves files is enough; browsers don't run the page from a file. To try it:

    npx http-server .

For others, put the folder on a server with \`https:\`. Over plain \`http:\`, browsers give pages no camera and keep nothing for times without a
network, except on the same machine.

With these two headers on all files, ONNX Runtime uses several threads where it runs on the processor:

    Cross-Origin-Opener-Policy: same-origin
    Cross-Origin-Embedder-Policy: require-corp

\`?provider=wasm\` after the address runs the model on the processor, \`?provider=webgpu\` on the graphics card; without it the page tries
the graphics card first. The page checks at its start that the model answers as in Node.js.

| file | what |
|---|---|
| \`index.html\`, \`style.css\`, \`app.js\` | the page |
| \`worker.js\` | decodes images and runs the model |
| \`offline.js\` | keeps the files, so that the page works without a network once it has been loaded |
| \`model.onnx\` | the model: uint8 [N, H, W, 3] to probabilities and logits |
| \`page.json\` | classes, what the page tells of the model, the answers it is checked against, and the list of these files |
| \`onnxruntime\` | ONNX Runtime ${ONNXRUNTIME_VERSION} (MIT, see \`LICENSE.txt\` there), for graphics cards and for processors; a browser loads one |

The page's programs are Agon's (Apache-2.0).
`;
}
