import { imageSize } from 'image-size';

/** The channels that an image may be uploaded for, by the names of file_upload.channel_type. */
export const imageChannels = ['MMS', 'RCS', 'FRIENDTALK'] as const;

export type ImageChannel = (typeof imageChannels)[number];

/** What the gateway takes: sizes in bytes and pixels, ratios as height / width. Its words and their source: docs/tables.md. */
interface ImageLimits {
  readonly types: readonly ImageType[];
  readonly bytes: number;
  readonly mostPixels?: { readonly width: number; readonly height: number };
  readonly leastWidth?: number;
  readonly ratio?: readonly [least: number, most: number];
}

const contentTypes = { jpg: 'image/jpeg', png: 'image/png', gif: 'image/gif', bmp: 'image/bmp' } as const;

type ImageType = keyof typeof contentTypes;

const kb = 1024;
const mb = 1024 * kb;
const kakaoTypes = ['jpg', 'png'] as const;

/** By channel, for friendtalk by msg_type too. */
const limits: Readonly<Record<string, ImageLimits>> = {
  MMS: { types: ['jpg'], bytes: 300 * kb, mostPixels: { width: 1_500, height: 1_440 } },
  RCS: { types: ['jpg', 'bmp', 'png', 'gif'], bytes: mb },
  'FRIENDTALK FI': { types: kakaoTypes, bytes: 500 * kb, leastWidth: 500, ratio: [0.5, 4 / 3] },
  'FRIENDTALK FW': { types: kakaoTypes, bytes: 5 * mb, ratio: [0.5, 1] },
  'FRIENDTALK FL': { types: kakaoTypes, bytes: 5 * mb, ratio: [0.5, 1] },
  'FRIENDTALK FC': { types: kakaoTypes, bytes: 5 * mb, ratio: [0.5, 4 / 3] },
};

const mostNameCharacters = 40;

/** How much of a file is read to learn its type and pixels: of a JPEG they come after its previews. */
export const headBytes = 256 * kb;

/** What the row asks for. */
export interface ImageUse {
  readonly channel: ImageChannel;
  /** FI, FW, FL or FC of friendtalk; empty for the others. */
  readonly messageType: string;
  readonly fileName: string;
}

/** An image that its channel does not take: the reason in words, beginning with the column at fault. */
export class ImageProblem extends Error {
  override readonly name = 'ImageProblem';
}

/** What the row says of its image, before anything is read. Throws an ImageProblem. */
export function imageUseOf(row: { path: string; channelType: string | null; msgType: string | null }): ImageUse {
  const name = (row.channelType ?? '').trim().toUpperCase();
  const channel = imageChannels.find((one) => one === name);
  if (channel === undefined)
    throw new ImageProblem(`channel_type: expected MMS, RCS or FRIENDTALK, got ${short(name)}`);
  const messageType = channel === 'FRIENDTALK' ? (row.msgType ?? '').trim().toUpperCase() : '';
  if (limitsOf(channel, messageType) === undefined)
    throw new ImageProblem(`msg_type: expected FI, FW, FL or FC, got ${short(messageType)}`);
  const fileName = row.path.split('/').at(-1) ?? '';
  const length = [...fileName].length;
  if (length === 0) throw new ImageProblem('file_path: expected a path that ends with a name');
  if (length > mostNameCharacters)
    throw new ImageProblem(`file_path: expected a name of at most ${mostNameCharacters} characters, got ${length}`);
  return { channel, messageType, fileName };
}

/** Checks a file by its size and its first bytes; returns its media type. Throws an ImageProblem. */
export function checkImage({ channel, messageType }: ImageUse, file: { size: number; head: Uint8Array }): string {
  const limit = limitsOf(channel, messageType);
  if (limit === undefined) throw new ImageProblem('msg_type: unknown');
  if (file.size === 0) throw new ImageProblem('file: expected an image, got an empty file');
  if (file.size > limit.bytes) throw new ImageProblem(`file: expected at most ${limit.bytes} bytes, got ${file.size}`);
  const { type, width, height } = measure(file.head, limit);
  const { mostPixels, leastWidth = 0, ratio } = limit;
  if (mostPixels !== undefined && (width > mostPixels.width || height > mostPixels.height))
    throw new ImageProblem(
      `image: expected at most ${mostPixels.width}x${mostPixels.height} pixels, got ${width}x${height}`,
    );
  if (width < leastWidth) throw new ImageProblem(`image: expected a width of ${leastWidth} or more, got ${width}`);
  const [least, most] = ratio ?? [0, Number.POSITIVE_INFINITY];
  if (height / width < least || height / width > most)
    throw new ImageProblem(
      `image: expected height/width from ${rounded(least)} to ${rounded(most)}, got ${rounded(height / width)}`,
    );
  return contentTypes[type];
}

function measure(head: Uint8Array, { types }: ImageLimits) {
  const found = sizeOf(head);
  const type = types.find((one) => one === found?.type);
  if (found === undefined || type === undefined)
    throw new ImageProblem(`file: expected ${types.join(', ')} by its first bytes, got ${found?.type ?? 'no image'}`);
  return { ...found, type };
}

function sizeOf(head: Uint8Array) {
  try {
    return imageSize(head);
  } catch {
    return undefined;
  }
}

function limitsOf(channel: ImageChannel, messageType: string): ImageLimits | undefined {
  return limits[`${channel} ${messageType}`.trim()];
}

function rounded(ratio: number): string {
  return ratio.toFixed(2);
}

/** What a customer wrote, so that the reason fits into its column. */
function short(text: string): string {
  return text === '' ? 'nothing' : text.slice(0, 20);
}
