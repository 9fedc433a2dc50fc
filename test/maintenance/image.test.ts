import { describe, expect, it } from 'vitest';
import { checkImage, imageUseOf } from '../../functions/maintenance/image.ts';
import { anImage } from '../support/files.ts';

const use = (channelType: string | null, msgType: string | null = null, path = 'images/a.jpg') =>
  imageUseOf({ path, channelType, msgType });
/** For `MMS`, or `FRIENDTALK FI`. */
const check = (what: string, head: Buffer) => {
  const [channelType = '', msgType = null] = what.split(' ');
  return checkImage(use(channelType, msgType), { head, size: head.length });
};

describe('a row of file_upload', () => {
  it('names its channel in any case, and the file by the end of its path', () => {
    expect(use(' mms ')).toEqual({ channel: 'MMS', messageType: '', fileName: 'a.jpg' });
    expect(use('FRIENDTALK', 'fi')).toMatchObject({ messageType: 'FI' });
    expect(use('RCS', 'FI')).toMatchObject({ messageType: '' });
  });

  it.each([
    ['without a channel', () => use(null), 'channel_type: expected MMS, RCS or FRIENDTALK, got nothing'],
    ['of another channel', () => use('SMS'), 'channel_type: expected MMS, RCS or FRIENDTALK, got SMS'],
    ['of friendtalk without a type', () => use('FRIENDTALK'), 'msg_type: expected FI, FW, FL or FC, got nothing'],
    ['without a name', () => use('MMS', null, 'images/'), 'file_path: expected a path that ends with a name'],
    [
      'with a long name',
      () => use('MMS', null, `${'n'.repeat(37)}.jpg`),
      'file_path: expected a name of at most 40 characters, got 41',
    ],
  ])('%s is refused, with the column', (_, read, message) => {
    expect(read).toThrow(message);
  });
});

describe('an image', () => {
  it.each([
    ['MMS', anImage('jpg', { width: 1_500, height: 1_440, bytes: 300 * 1024 }), 'image/jpeg'],
    ['RCS', anImage('jpg'), 'image/jpeg'],
    ['RCS', anImage('png', { width: 1, height: 1, bytes: 1024 * 1024 }), 'image/png'],
    ['RCS', anImage('gif'), 'image/gif'],
    ['RCS', anImage('bmp'), 'image/bmp'],
    ['FRIENDTALK FI', anImage('png', { width: 500, height: 250 }), 'image/png'],
    ['FRIENDTALK FW', anImage('jpg', { width: 800, height: 600, bytes: 5 * 1024 * 1024 }), 'image/jpeg'],
    ['FRIENDTALK FL', anImage('jpg', { width: 800, height: 400 }), 'image/jpeg'],
    ['FRIENDTALK FC', anImage('jpg', { width: 600, height: 800 }), 'image/jpeg'],
  ])('of %s within its limits is taken by its first bytes', (what, image, contentType) => {
    expect(check(what, image)).toBe(contentType);
  });

  it.each([
    ['MMS', anImage('png'), 'file: expected jpg by its first bytes, got png'],
    ['MMS', Buffer.from('no image at all'), 'file: expected jpg by its first bytes, got no image'],
    ['MMS', Buffer.alloc(0), 'file: expected an image, got an empty file'],
    [
      'MMS',
      anImage('jpg', { width: 10, height: 10, bytes: 300 * 1024 + 1 }),
      'file: expected at most 307200 bytes, got 307201',
    ],
    ['MMS', anImage('jpg', { width: 1_501, height: 10 }), 'image: expected at most 1500x1440 pixels, got 1501x10'],
    ['MMS', anImage('jpg', { width: 10, height: 1_441 }), 'image: expected at most 1500x1440 pixels, got 10x1441'],
    [
      'RCS',
      anImage('png', { width: 1, height: 1, bytes: 1024 * 1024 + 1 }),
      'file: expected at most 1048576 bytes, got 1048577',
    ],
    ['FRIENDTALK FI', anImage('gif'), 'file: expected jpg, png by its first bytes, got gif'],
    ['FRIENDTALK FI', anImage('png', { width: 499, height: 300 }), 'image: expected a width of 500 or more, got 499'],
    [
      'FRIENDTALK FI',
      anImage('png', { width: 600, height: 299 }),
      'image: expected height/width from 0.50 to 1.33, got 0.50',
    ],
    [
      'FRIENDTALK FW',
      anImage('png', { width: 600, height: 700 }),
      'image: expected height/width from 0.50 to 1.00, got 1.17',
    ],
  ])('of %s beyond a limit is refused, each for its own reason', (what, image, message) => {
    expect(() => check(what, image)).toThrow(message);
  });
});
