/** Why an image can't be read, and what to do about it: the image is at fault, not the machine. */
export class ImageFault extends Error {}
