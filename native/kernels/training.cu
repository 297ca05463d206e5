// The training step's own kernels: everything between the data set and the first layer, and between the logits and the
// next step's parameters. What cuDNN and cuBLAS do is not repeated here.
//
// Conventions:
// - Pointers are device addresses. Counts are of elements. Activations are N, H, W, C unless a name says nchw.
// - A name that ends in _bf16 or _f16 has elements of that type where its pointers say so; sums and everything between
//   reading and writing are in single precision.
// - `state` is twelve 4-byte words on the device, written by the host once per epoch and read back once per log line:
//     [0] step within the epoch (u32)   [1] learning rate (f32)   [2..3] sum of losses (f64)   [4..5] correct
//     predictions (u64)   [6] epoch (u32)   [7] unused
//     [8] exponent of the loss scale (i32): the loss's gradient is multiplied by 2 to that power, so that small
//     gradients do not vanish in half precision, and the optimiser divides by it; 0 in all other precisions
//     [9] steps since the loss scale changed (u32)   [10] 1 where a gradient of this step is not finite (u32)
//     [11] steps that were skipped for that reason (u32)
// - Nothing accumulates into gradients: each step overwrites them. Sums of metrics accumulate until the host clears
// them.
// - Every reduction has a fixed order: the same inputs give the same bits.
#include "device.h"
#include "mathematics.h"
#include "narrow.h"
#include "random.h"

// The batch `state[0]` of the epoch: for image i of the batch the record permutation[state[0] * batch + i] of the data
// set (planes of bytes, channels x height x width), each byte through `table` (channels x 256 values: (byte / 255 -
// mean) / deviation). One thread a pixel; grid: ceil(batch * height * width / block size).
KERNEL_BODY(gather_normalize, const u8* RESTRICT images, const u8* RESTRICT labels, const u32* RESTRICT permutation,
            const u32* RESTRICT state, const float* RESTRICT table, Element* RESTRICT x, i32* RESTRICT y, u32 batch,
            u32 channels, u32 height, u32 width) {
  u32 plane = height * width;
  u64 pixels = (u64)batch * plane;
  u64 first = (u64)BLOCK * BLOCK_SIZE;
  u64 offset = (u64)state[0] * batch;
  FOR_EACH_THREAD_BELOW(first < pixels ? pixels - first : 0) {
    u64 pixel = first + THREAD;
    u32 image = (u32)(pixel / plane);
    u32 position = (u32)(pixel - (u64)image * plane);
    u32 record = permutation[offset + image];
    const u8* source = images + (u64)record * channels * plane + position;
    for (u32 c = 0; c < channels; ++c)
      x[pixel * channels + c] = Narrow<Element>::of(table[c * 256 + source[(u64)c * plane]]);
    if (position == 0) y[image] = labels[record];
  }
}

KERNEL(gather_normalize_nhwc, const u8* RESTRICT images, const u8* RESTRICT labels, const u32* RESTRICT permutation,
       const u32* RESTRICT state, const float* RESTRICT table, float* RESTRICT x, i32* RESTRICT y, u32 batch,
       u32 channels, u32 height, u32 width) {
  RUN_BODY(gather_normalize, float, images, labels, permutation, state, table, x, y, batch, channels, height, width);
}

KERNEL(gather_normalize_nhwc_bf16, const u8* RESTRICT images, const u8* RESTRICT labels,
       const u32* RESTRICT permutation, const u32* RESTRICT state, const float* RESTRICT table, bf16* RESTRICT x,
       i32* RESTRICT y, u32 batch, u32 channels, u32 height, u32 width) {
  RUN_BODY(gather_normalize, bf16, images, labels, permutation, state, table, x, y, batch, channels, height, width);
}

KERNEL(gather_normalize_nhwc_f16, const u8* RESTRICT images, const u8* RESTRICT labels, const u32* RESTRICT permutation,
       const u32* RESTRICT state, const float* RESTRICT table, f16* RESTRICT x, i32* RESTRICT y, u32 batch,
       u32 channels, u32 height, u32 width) {
  RUN_BODY(gather_normalize, f16, images, labels, permutation, state, table, x, y, batch, channels, height, width);
}

// How the images of the batch are changed this time: for image i of the batch five numbers at draws[8 i]:
//   [0], [1] rows and columns by which it is shifted, in -padding .. padding
//   [2]      1 where it is mirrored left to right, with probability 1/2 (0 where `mirrors` is 0)
//   [3], [4] row and column of the middle of the square that is cut out
// They depend on the seed, the epoch and the image's number in the data set alone: not on the batch size, nor on the
// device. One thread an image; grid: ceil(batch / block size).
KERNEL(draw_augmentation, const u32* RESTRICT permutation, const u32* RESTRICT state, i32* RESTRICT draws, u64 seed,
       u32 batch, u32 height, u32 width, u32 padding, u32 mirrors) {
  u32 first = BLOCK * BLOCK_SIZE;
  FOR_EACH_THREAD_BELOW(first < batch ? batch - first : 0) {
    u32 image = first + THREAD;
    RandomWords words = random_words(seed, permutation[(u64)state[0] * batch + image], state[6], 0, 0);
    u32 shifts = 2 * padding + 1;
    i32* draw = draws + (u64)image * 8;
    draw[0] = (i32)(words.word[0] % shifts) - (i32)padding;
    draw[1] = (i32)(words.word[0] / shifts % shifts) - (i32)padding;
    draw[2] = mirrors ? (i32)(words.word[1] >> 31) : 0;
    draw[3] = (i32)(words.word[2] % height);
    draw[4] = (i32)(words.word[3] % width);
  }
}

// As gather_normalize, but every image changed as `draws` says: shifted (what comes in from outside has the byte
// 0), then mirrored, then the square of `cutout` pixels around its middle, as far as it lies inside, set to 0, which is
// the normalised mean. Grid: ceil(batch * height * width / block size).
KERNEL_BODY(gather_augment, const u8* RESTRICT images, const u8* RESTRICT labels, const u32* RESTRICT permutation,
            const u32* RESTRICT state, const float* RESTRICT table, const i32* RESTRICT draws, Element* RESTRICT x,
            i32* RESTRICT y, u32 batch, u32 channels, u32 height, u32 width, u32 cutout) {
  u32 plane = height * width;
  u64 pixels = (u64)batch * plane;
  u64 first = (u64)BLOCK * BLOCK_SIZE;
  u64 offset = (u64)state[0] * batch;
  FOR_EACH_THREAD_BELOW(first < pixels ? pixels - first : 0) {
    u64 pixel = first + THREAD;
    u32 image = (u32)(pixel / plane);
    u32 position = (u32)(pixel - (u64)image * plane);
    u32 record = permutation[offset + image];
    const i32* draw = draws + (u64)image * 8;
    i32 row = (i32)(position / width);
    i32 column = (i32)(position % width);
    i32 from_row = row + draw[0];
    i32 from_column = (draw[2] ? (i32)width - 1 - column : column) + draw[1];
    bool inside = from_row >= 0 && from_row < (i32)height && from_column >= 0 && from_column < (i32)width;
    i32 top = draw[3] - (i32)(cutout / 2);
    i32 left = draw[4] - (i32)(cutout / 2);
    bool cut = row >= top && row < top + (i32)cutout && column >= left && column < left + (i32)cutout;
    const u8* source =
        images + (u64)record * channels * plane + (inside ? (u32)from_row * width + (u32)from_column : 0);
    for (u32 c = 0; c < channels; ++c) {
      u8 value = inside ? source[(u64)c * plane] : (u8)0;
      x[pixel * channels + c] = Narrow<Element>::of(cut ? 0.0f : table[c * 256 + value]);
    }
    if (position == 0) y[image] = labels[record];
  }
}

KERNEL(gather_augment_nhwc, const u8* RESTRICT images, const u8* RESTRICT labels, const u32* RESTRICT permutation,
       const u32* RESTRICT state, const float* RESTRICT table, const i32* RESTRICT draws, float* RESTRICT x,
       i32* RESTRICT y, u32 batch, u32 channels, u32 height, u32 width, u32 cutout) {
  RUN_BODY(gather_augment, float, images, labels, permutation, state, table, draws, x, y, batch, channels, height,
           width, cutout);
}

KERNEL(gather_augment_nhwc_bf16, const u8* RESTRICT images, const u8* RESTRICT labels, const u32* RESTRICT permutation,
       const u32* RESTRICT state, const float* RESTRICT table, const i32* RESTRICT draws, bf16* RESTRICT x,
       i32* RESTRICT y, u32 batch, u32 channels, u32 height, u32 width, u32 cutout) {
  RUN_BODY(gather_augment, bf16, images, labels, permutation, state, table, draws, x, y, batch, channels, height, width,
           cutout);
}

KERNEL(gather_augment_nhwc_f16, const u8* RESTRICT images, const u8* RESTRICT labels, const u32* RESTRICT permutation,
       const u32* RESTRICT state, const float* RESTRICT table, const i32* RESTRICT draws, f16* RESTRICT x,
       i32* RESTRICT y, u32 batch, u32 channels, u32 height, u32 width, u32 cutout) {
  RUN_BODY(gather_augment, f16, images, labels, permutation, state, table, draws, x, y, batch, channels, height, width,
           cutout);
}

// 2^exponent, for exponents of normal numbers.
DEVICE_FUNCTION float power_of_two(i32 exponent) { return bits_to_float((u32)(exponent + 127) << 23); }

// The lowest index of a row's greatest value.
DEVICE_FUNCTION u32 arg_max(const float* row, u32 classes) {
  u32 best = 0;
  for (u32 k = 1; k < classes; ++k) {
    if (row[k] > row[best]) best = k;
  }
  return best;
}

// Softmax cross-entropy of `logits` (batch x classes) with labels smoothed by s: q = (1 - s) onehot + s / classes,
//   sample_loss = -sum q log softmax(logits),   dlogits = scale (softmax(logits) - q),
// where scale is 1/batch for the mean, times the loss scale of `state`. `dlogits` may be null (evaluation).
// sample_correct is 1 where the prediction, the lowest index of the maximum, is the label. One thread a row; grid:
// ceil(batch / block size).
KERNEL_BODY(cross_entropy, const float* RESTRICT logits, const i32* RESTRICT labels, Element* RESTRICT dlogits,
            float* RESTRICT sample_loss, i32* RESTRICT sample_correct, const u32* RESTRICT state, u32 batch,
            u32 classes, float scale, float label_smoothing) {
  float gradient_scale = scale * power_of_two((i32)state[8]);
  u32 first = BLOCK * BLOCK_SIZE;
  FOR_EACH_THREAD_BELOW(first < batch ? batch - first : 0) {
    u32 n = first + THREAD;
    const float* row = logits + (u64)n * classes;
    u32 label = (u32)labels[n];
    u32 best = arg_max(row, classes);
    float maximum = row[best];
    float sum = 0.0f;
    float shifted_sum = 0.0f;
    for (u32 k = 0; k < classes; ++k) {
      float shifted = row[k] - maximum;
      sum += exponential_of_nonpositive(shifted);
      shifted_sum += shifted;
    }
    float logarithm = logarithm_of_at_least_one(sum);
    float share = label_smoothing / (float)classes;
    float label_loss = logarithm - (row[label] - maximum);
    sample_loss[n] = label_smoothing == 0.0f
                         ? label_loss
                         : (1.0f - label_smoothing) * label_loss + share * ((float)classes * logarithm - shifted_sum);
    sample_correct[n] = best == label ? 1 : 0;
    if (dlogits) {
      float reciprocal = 1.0f / sum;
      Element* gradient = dlogits + (u64)n * classes;
      for (u32 k = 0; k < classes; ++k) {
        float probability = exponential_of_nonpositive(row[k] - maximum) * reciprocal;
        float target = (k == label ? 1.0f - label_smoothing : 0.0f) + share;
        gradient[k] = Narrow<Element>::of(gradient_scale * (probability - target));
      }
    }
  }
}

KERNEL(softmax_cross_entropy, const float* RESTRICT logits, const i32* RESTRICT labels, float* RESTRICT dlogits,
       float* RESTRICT sample_loss, i32* RESTRICT sample_correct, const u32* RESTRICT state, u32 batch, u32 classes,
       float scale, float label_smoothing) {
  RUN_BODY(cross_entropy, float, logits, labels, dlogits, sample_loss, sample_correct, state, batch, classes, scale,
           label_smoothing);
}

KERNEL(softmax_cross_entropy_bf16, const float* RESTRICT logits, const i32* RESTRICT labels, bf16* RESTRICT dlogits,
       float* RESTRICT sample_loss, i32* RESTRICT sample_correct, const u32* RESTRICT state, u32 batch, u32 classes,
       float scale, float label_smoothing) {
  RUN_BODY(cross_entropy, bf16, logits, labels, dlogits, sample_loss, sample_correct, state, batch, classes, scale,
           label_smoothing);
}

KERNEL(softmax_cross_entropy_f16, const float* RESTRICT logits, const i32* RESTRICT labels, f16* RESTRICT dlogits,
       float* RESTRICT sample_loss, i32* RESTRICT sample_correct, const u32* RESTRICT state, u32 batch, u32 classes,
       float scale, float label_smoothing) {
  RUN_BODY(cross_entropy, f16, logits, labels, dlogits, sample_loss, sample_correct, state, batch, classes, scale,
           label_smoothing);
}

// Adds a batch's losses and hits to the sums in `state`. One block of at most 32 threads.
KERNEL(accumulate_metrics, const float* RESTRICT sample_loss, const i32* RESTRICT sample_correct, u32* RESTRICT state,
       u32 batch) {
  SHARED double losses[32];
  SHARED u32 hits[32];
  FOR_EACH_THREAD_BELOW(32u) {
    double loss = 0.0;
    u32 hit = 0;
    for (u32 n = THREAD; n < batch; n += BLOCK_SIZE) {
      loss += (double)sample_loss[n];
      hit += (u32)sample_correct[n];
    }
    losses[THREAD] = loss;
    hits[THREAD] = hit;
  }
  BARRIER();
  FOR_EACH_THREAD_BELOW(1u) {
    double loss = 0.0;
    u64 hit = 0;
    for (u32 i = 0; i < BLOCK_SIZE && i < 32u; ++i) {
      loss += losses[i];
      hit += hits[i];
    }
    *(double*)(state + 2) += loss;
    *(u64*)(state + 4) += hit;
  }
}

// Stochastic gradient descent with momentum and weight decay over one flat buffer, as PyTorch defines it:
//   v = momentum_factor v + (g + weight_decay p),   p = p - learning_rate v,
// v starts at zero, g being the gradient divided by the loss scale. Nothing changes where a gradient of the step is not
// finite. `copies`, where not null, receives the parameters rounded to the gradients' type. Each block serves four runs
// of its size; grid: ceil(count / (4 block size)).
KERNEL_BODY(momentum_step, float* RESTRICT parameters, Element* RESTRICT copies, const Element* RESTRICT gradients,
            float* RESTRICT momentum, const u32* RESTRICT state, float momentum_factor, float weight_decay, u64 count) {
  float learning_rate = bits_to_float(state[1]);
  float unscale = power_of_two(-(i32)state[8]);
  u64 used = state[10] ? 0 : count;
  for (u32 run = 0; run < 4; ++run) {
    u64 first = ((u64)BLOCK * 4 + run) * BLOCK_SIZE;
    FOR_EACH_THREAD_BELOW(first < used ? used - first : 0) {
      u64 i = first + THREAD;
      float p = parameters[i];
      float v = momentum_factor * momentum[i] + (widen(gradients[i]) * unscale + weight_decay * p);
      float moved = p - learning_rate * v;
      momentum[i] = v;
      parameters[i] = moved;
      if (copies) copies[i] = Narrow<Element>::of(moved);
    }
  }
}

KERNEL(sgd_momentum, float* RESTRICT parameters, const float* RESTRICT gradients, float* RESTRICT momentum,
       const u32* RESTRICT state, float momentum_factor, float weight_decay, u64 count) {
  RUN_BODY(momentum_step, float, parameters, (float*)0, gradients, momentum, state, momentum_factor, weight_decay,
           count);
}

KERNEL(sgd_momentum_bf16, float* RESTRICT parameters, bf16* RESTRICT copies, const bf16* RESTRICT gradients,
       float* RESTRICT momentum, const u32* RESTRICT state, float momentum_factor, float weight_decay, u64 count) {
  RUN_BODY(momentum_step, bf16, parameters, copies, gradients, momentum, state, momentum_factor, weight_decay, count);
}

KERNEL(sgd_momentum_f16, float* RESTRICT parameters, f16* RESTRICT copies, const f16* RESTRICT gradients,
       float* RESTRICT momentum, const u32* RESTRICT state, float momentum_factor, float weight_decay, u64 count) {
  RUN_BODY(momentum_step, f16, parameters, copies, gradients, momentum, state, momentum_factor, weight_decay, count);
}

// Parameters that were not made by the optimiser, rounded to 16 bits. Grid: ceil(count / block size).
KERNEL_BODY(narrow, const float* RESTRICT values, Element* RESTRICT copies, u64 count) {
  u64 first = (u64)BLOCK * BLOCK_SIZE;
  FOR_EACH_THREAD_BELOW(first < count ? count - first : 0) {
    u64 i = first + THREAD;
    copies[i] = Narrow<Element>::of(values[i]);
  }
}

KERNEL(narrow_bf16, const float* RESTRICT values, bf16* RESTRICT copies, u64 count) {
  RUN_BODY(narrow, bf16, values, copies, count);
}

KERNEL(narrow_f16, const float* RESTRICT values, f16* RESTRICT copies, u64 count) {
  RUN_BODY(narrow, f16, values, copies, count);
}

// Notes in `state` where one of the gradients, `narrow_count` in half and `wide_count` in single precision, is not
// finite. Grid: ceil((narrow_count + wide_count) / block size).
KERNEL(find_overflow_f16, const f16* RESTRICT narrow_gradients, u64 narrow_count, const float* RESTRICT wide_gradients,
       u64 wide_count, u32* RESTRICT state) {
  u64 count = narrow_count + wide_count;
  u64 first = (u64)BLOCK * BLOCK_SIZE;
  FOR_EACH_THREAD_BELOW(first < count ? count - first : 0) {
    u64 i = first + THREAD;
    float value = i < narrow_count ? widen(narrow_gradients[i]) : wide_gradients[i - narrow_count];
    if (is_not_finite(value)) state[10] = 1;
  }
}

// After the optimiser: half the loss scale where it was too large, twice after `patience` steps in which it was not, as
// PyTorch's GradScaler does. Grid 1, block 1.
KERNEL(update_loss_scale, u32* state, u32 patience) {
  FOR_EACH_THREAD_BELOW(1u) {
    i32 exponent = (i32)state[8];
    if (state[10]) {
      state[8] = (u32)(exponent > -24 ? exponent - 1 : exponent);
      state[9] = 0;
      state[10] = 0;
      state[11] += 1;
    } else if (++state[9] >= patience) {
      state[8] = (u32)(exponent < 24 ? exponent + 1 : exponent);
      state[9] = 0;
    }
  }
}

// The next step of the epoch. Grid 1, block 1.
KERNEL(advance_step, u32* state) {
  FOR_EACH_THREAD_BELOW(1u) { state[0] += 1; }
}

// y[r][c] += bias[c]. One thread an element; grid: ceil(rows * columns / block size).
KERNEL(add_bias_rows, float* RESTRICT y, const float* RESTRICT bias, u32 rows, u32 columns) {
  u64 count = (u64)rows * columns;
  u64 first = (u64)BLOCK * BLOCK_SIZE;
  FOR_EACH_THREAD_BELOW(first < count ? count - first : 0) {
    u64 i = first + THREAD;
    y[i] += bias[i % columns];
  }
}

// db[c] = sum over r of dy[r][c]. One thread a column; grid: ceil(columns / block size).
KERNEL_BODY(column_sums, const Element* RESTRICT dy, float* RESTRICT db, u32 rows, u32 columns) {
  u32 first = BLOCK * BLOCK_SIZE;
  FOR_EACH_THREAD_BELOW(first < columns ? columns - first : 0) {
    u32 c = first + THREAD;
    float sum = 0.0f;
    for (u32 r = 0; r < rows; ++r) sum += widen(dy[(u64)r * columns + c]);
    db[c] = sum;
  }
}

KERNEL(sum_rows, const float* RESTRICT dy, float* RESTRICT db, u32 rows, u32 columns) {
  RUN_BODY(column_sums, float, dy, db, rows, columns);
}

KERNEL(sum_rows_bf16, const bf16* RESTRICT dy, float* RESTRICT db, u32 rows, u32 columns) {
  RUN_BODY(column_sums, bf16, dy, db, rows, columns);
}

KERNEL(sum_rows_f16, const f16* RESTRICT dy, float* RESTRICT db, u32 rows, u32 columns) {
  RUN_BODY(column_sums, f16, dy, db, rows, columns);
}

// The parameter-free shortcut of He et al. (option A) between stages: every second pixel of x (n x h x w x c), zero
// channels appended: y is n x ceil(h/2) x ceil(w/2) x out_c. Elements of 16 bits are moved as they are (_16). One
// thread an output element; grid: ceil(elements of y / block size).
KERNEL_BODY(subsample_pad, const Element* RESTRICT x, Element* RESTRICT y, u32 n, u32 h, u32 w, u32 c, u32 out_c) {
  u32 out_h = (h + 1) / 2;
  u32 out_w = (w + 1) / 2;
  u64 count = (u64)n * out_h * out_w * out_c;
  u64 first = (u64)BLOCK * BLOCK_SIZE;
  FOR_EACH_THREAD_BELOW(first < count ? count - first : 0) {
    u64 i = first + THREAD;
    u32 channel = (u32)(i % out_c);
    u64 pixel = i / out_c;
    u32 column = (u32)(pixel % out_w);
    u64 line = pixel / out_w;
    u32 row = (u32)(line % out_h);
    u64 image = line / out_h;
    y[i] = channel < c ? x[((image * h + 2 * row) * w + 2 * column) * c + channel] : Element();
  }
}

KERNEL(subsample_pad_nhwc, const float* RESTRICT x, float* RESTRICT y, u32 n, u32 h, u32 w, u32 c, u32 out_c) {
  RUN_BODY(subsample_pad, float, x, y, n, h, w, c, out_c);
}

KERNEL(subsample_pad_nhwc_16, const u16* RESTRICT x, u16* RESTRICT y, u32 n, u32 h, u32 w, u32 c, u32 out_c) {
  RUN_BODY(subsample_pad, u16, x, y, n, h, w, c, out_c);
}

// Its adjoint: dx is written whole, zero where no output looked. One thread an element of dx.
KERNEL_BODY(subsample_pad_backward, const Element* RESTRICT dy, Element* RESTRICT dx, u32 n, u32 h, u32 w, u32 c,
            u32 out_c) {
  u32 out_h = (h + 1) / 2;
  u32 out_w = (w + 1) / 2;
  u64 count = (u64)n * h * w * c;
  u64 first = (u64)BLOCK * BLOCK_SIZE;
  FOR_EACH_THREAD_BELOW(first < count ? count - first : 0) {
    u64 i = first + THREAD;
    u32 channel = (u32)(i % c);
    u64 pixel = i / c;
    u32 column = (u32)(pixel % w);
    u64 line = pixel / w;
    u32 row = (u32)(line % h);
    u64 image = line / h;
    bool seen = row % 2 == 0 && column % 2 == 0;
    dx[i] = seen ? dy[((image * out_h + row / 2) * out_w + column / 2) * out_c + channel] : Element();
  }
}

KERNEL(subsample_pad_nhwc_backward, const float* RESTRICT dy, float* RESTRICT dx, u32 n, u32 h, u32 w, u32 c,
       u32 out_c) {
  RUN_BODY(subsample_pad_backward, float, dy, dx, n, h, w, c, out_c);
}

KERNEL(subsample_pad_nhwc_backward_16, const u16* RESTRICT dy, u16* RESTRICT dx, u32 n, u32 h, u32 w, u32 c,
       u32 out_c) {
  RUN_BODY(subsample_pad_backward, u16, dy, dx, n, h, w, c, out_c);
}
