import { describe, expect, it } from 'vitest';
import { checkImage, imageUseOf } from '../../functions/maintenance/image.ts';
import { anImage } from '../support/files.ts';

const use = (channelType: string | null, msgType: string | null = null, path = 'images/a.jpg') =>
  imageUseOf({ path, channelType, msgType });
const check = (channelType: string, msgType: string | null, head: Buffer, size = head.length) =>
  checkImage(use(channelType, msgType), { head, size });

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
    ['MMS', null, anImage('jpg', 1_500, 1_440, 300 * 1024), 'image/jpeg'],
    ['RCS', null, anImage('jpg'), 'image/jpeg'],
    ['RCS', null, anImage('png', 1, 1, 1024 * 1024), 'image/png'],
    ['RCS', null, anImage('gif'), 'image/gif'],
    ['RCS', null, anImage('bmp'), 'image/bmp'],
    ['FRIENDTALK', 'FI', anImage('png', 500, 250), 'image/png'],
    ['FRIENDTALK', 'FW', anImage('jpg', 800, 600, 5 * 1024 * 1024), 'image/jpeg'],
    ['FRIENDTALK', 'FL', anImage('jpg', 800, 400), 'image/jpeg'],
    ['FRIENDTALK', 'FC', anImage('jpg', 600, 800), 'image/jpeg'],
  ])('of %s %s within its limits is taken by its first bytes', (channel, msgType, image, contentType) => {
    expect(check(channel, msgType, image)).toBe(contentType);
  });

  it.each([
    ['MMS', null, anImage('png'), 'file: expected jpg by its first bytes, got png'],
    ['MMS', null, Buffer.from('no image at all'), 'file: expected jpg by its first bytes, got no image'],
    ['MMS', null, Buffer.alloc(0), 'file: expected an image, got an empty file'],
    ['MMS', null, anImage('jpg', 10, 10, 300 * 1024 + 1), 'file: expected at most 307200 bytes, got 307201'],
    ['MMS', null, anImage('jpg', 1_501, 10), 'image: expected at most 1500x1440 pixels, got 1501x10'],
    ['MMS', null, anImage('jpg', 10, 1_441), 'image: expected at most 1500x1440 pixels, got 10x1441'],
    ['RCS', null, anImage('png', 1, 1, 1024 * 1024 + 1), 'file: expected at most 1048576 bytes, got 1048577'],
    ['FRIENDTALK', 'FI', anImage('gif'), 'file: expected jpg, png by its first bytes, got gif'],
    ['FRIENDTALK', 'FI', anImage('png', 499, 300), 'image: expected a width of 500 or more, got 499'],
    ['FRIENDTALK', 'FI', anImage('png', 600, 299), 'image: expected height/width from 0.50 to 1.33, got 0.50'],
    ['FRIENDTALK', 'FW', anImage('png', 600, 700), 'image: expected height/width from 0.50 to 1.00, got 1.17'],
  ])('of %s %s beyond a limit is refused, each for its own reason', (channel, msgType, image, message) => {
    expect(() => check(channel, msgType, image)).toThrow(message);
  });
});
