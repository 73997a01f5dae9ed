//go:build cgo && !noffmpeg

package ffmpeg

/*
#cgo pkg-config: libavformat libavcodec libavutil
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
#include <libavutil/samplefmt.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

// refuse stands where libavformat would open a further file for a demuxer.
static int refuse(AVFormatContext *s, AVIOContext **pb, const char *url, int flags, AVDictionary **options) {
	return AVERROR(EPERM);
}

static void refuse_files(AVFormatContext *s) { s->io_open = refuse; }

// find_info reads enough to know the tracks. Probing may decode, so it gets the decoder's limits: an option set for
// each track that is known by now.
static int find_info(AVFormatContext *s, const char *pixels, const char *samples) {
	unsigned n = s->nb_streams;
	AVDictionary **options = NULL;
	if (n > 0) {
		options = av_calloc(n, sizeof(*options));
		if (!options) return AVERROR(ENOMEM);
	}
	int ret = 0;
	for (unsigned i = 0; i < n && ret >= 0; i++) {
		ret = av_dict_set(&options[i], "max_pixels", pixels, 0);
		if (ret >= 0) ret = av_dict_set(&options[i], "max_samples", samples, 0);
		if (ret >= 0) ret = av_dict_set(&options[i], "threads", "1", 0);
	}
	if (ret >= 0) ret = avformat_find_stream_info(s, options);
	for (unsigned i = 0; i < n; i++) av_dict_free(&options[i]);
	av_free(options);
	return ret;
}

// sample_range goes over the index of a track.
static int sample_range(AVStream *st, int64_t *first, int64_t *last) {
	int n = avformat_index_get_entries_count(st);
	*first = *last = -1;
	for (int i = 0; i < n; i++) {
		const AVIndexEntry *e = avformat_index_get_entry(st, i);
		if (!e || e->pos < 0) continue;
		if (*first < 0 || e->pos < *first) *first = e->pos;
		if (e->pos + e->size > *last) *last = e->pos + e->size;
	}
	return n;
}

// get_block is where a decoder gets memory for a block of sound. The codec's own option for the limit would answer like
// a damaged stream does.
static int get_block(AVCodecContext *c, AVFrame *f, int flags) {
	if ((int64_t)f->nb_samples * f->ch_layout.nb_channels > (intptr_t)c->opaque) return AVERROR(ENOMEM);
	return avcodec_default_get_buffer2(c, f, flags);
}

static void limit_blocks(AVCodecContext *c, int samples) {
	c->opaque = (void *)(intptr_t)samples;
	c->get_buffer2 = get_block;
}

// packet_offset is where the packet of a frame began in the file.
static int64_t packet_offset(const AVFrame *f) {
#if FF_API_FRAME_PKT
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	return f->pkt_pos;
#else
	return -1;
#endif
}
*/
import "C"

import (
	"math"
	"strconv"
	"sync"
	"unsafe"

	"github.com/asticode/go-astiav"

	"github.com/consentry/consentry/video"
)

// Available says whether this binary can decode.
const Available = true

// go-astiav has no accessor for the C structures behind these two types. Each is one pointer and nothing else, which
// these lines make a condition of compiling; its version is pinned.
var (
	_ [unsafe.Sizeof(uintptr(0))]byte = [unsafe.Sizeof(astiav.FormatContext{})]byte{}
	_ [unsafe.Sizeof(uintptr(0))]byte = [unsafe.Sizeof(astiav.Stream{})]byte{}
)

func nativeFormat(fc *astiav.FormatContext) *C.AVFormatContext {
	return *(**C.AVFormatContext)(unsafe.Pointer(fc))
}

func nativeStream(s *astiav.Stream) *C.AVStream { return *(**C.AVStream)(unsafe.Pointer(s)) }

// refuseFiles makes every attempt of a demuxer to open a further file or address fail.
func refuseFiles(fc *astiav.FormatContext) { C.refuse_files(nativeFormat(fc)) }

// findInfo is avformat_find_stream_info with the limits of pixels and samples for every track. The binding's own method
// passes one dictionary where the function reads one for each track.
func findInfo(fc *astiav.FormatContext, lim video.Limits) error {
	pixels, samples := C.CString(strconv.FormatInt(padded(lim.Pixels), 10)), C.CString(strconv.Itoa(lim.BlockSamples))
	defer C.free(unsafe.Pointer(pixels))
	defer C.free(unsafe.Pointer(samples))
	if ret := C.find_info(nativeFormat(fc), pixels, samples); ret < 0 {
		return astiav.Error(ret)
	}
	return nil
}

// indexed gives the samples that the demuxer's index lists.
func indexed(s *astiav.Stream) video.Samples {
	var first, last C.int64_t
	n := C.sample_range(nativeStream(s), &first, &last)
	return video.Samples{Count: int64(n), First: int64(first), Last: int64(last)}
}

var allocation struct {
	sync.Mutex
	most int64
}

// limitAllocations bounds a single allocation of libavutil by what a picture of that many pixels (four components of
// two bytes) or a block of that many samples (of eight bytes) can need, and room for the edges. It holds for tracks that
// are found while probing, too, which no option reaches. The bound belongs to the process, so it only ever grows.
func limitAllocations(lim video.Limits) {
	const edges = 64 << 20
	allocation.Lock()
	defer allocation.Unlock()
	if most := min(max(lim.Pixels, int64(lim.BlockSamples)), math.MaxInt64/16)*8 + edges; most > allocation.most {
		allocation.most = most
		C.av_max_alloc(C.size_t(most))
	}
}

// picture is a decoded frame's header, read in one go.
type picture struct {
	width, height int
	format        int
	key, corrupt  bool
	pts           int64 // best guess; noTime where there is none
	offset        int64
	color         video.Color
	data          [3]unsafe.Pointer
	stride        [3]int
}

const noTime = int64(C.AV_NOPTS_VALUE)

// setPacketTime tells a decoder the unit of its packets' times.
func setPacketTime(cc *astiav.CodecContext, base [2]int) {
	(*C.AVCodecContext)(cc.UnsafePointer()).pkt_timebase = C.AVRational{num: C.int(base[0]), den: C.int(base[1])}
}

// limitBlocks makes a decoder refuse to make blocks of more samples, those of all channels counted.
func limitBlocks(cc *astiav.CodecContext, samples int) {
	C.limit_blocks((*C.AVCodecContext)(cc.UnsafePointer()), C.int(min(samples, math.MaxInt32)))
}

// block is a decoded run of samples as the decoder left it, read in one go.
type block struct {
	samples, rate, channels int
	format                  int
	corrupt                 bool
	pts, offset             int64
	size                    int              // bytes of each plane
	planes                  []unsafe.Pointer // one, or one for each channel
	planar                  bool
}

// soundHeader reads a decoded block but for its planes: how many there are is held against the limit first.
func soundHeader(frame *astiav.Frame) block {
	f := (*C.AVFrame)(frame.UnsafePointer())
	return block{
		samples: int(f.nb_samples), rate: int(f.sample_rate), channels: int(f.ch_layout.nb_channels), format: int(f.format),
		corrupt: f.flags&C.AV_FRAME_FLAG_CORRUPT != 0 || f.decode_error_flags != 0,
		pts:     int64(f.best_effort_timestamp), offset: int64(C.packet_offset(f)),
		size: int(f.linesize[0]), planar: C.av_sample_fmt_is_planar(C.enum_AVSampleFormat(f.format)) != 0,
	}
}

// load finds the planes of a block; planes is memory for the list of them.
func (b *block) load(frame *astiav.Frame, planes []unsafe.Pointer) {
	f := (*C.AVFrame)(frame.UnsafePointer())
	b.planes = planes[:0]
	if f.extended_data == nil {
		return
	}
	n := 1
	if b.planar {
		n = b.channels
	}
	for _, p := range unsafe.Slice((**C.uint8_t)(unsafe.Pointer(f.extended_data)), n) {
		b.planes = append(b.planes, unsafe.Pointer(p))
	}
}

// sampleKind names the C type of a sample: "u8", "s16", "s32", "s64", "flt", "dbl"; empty: unknown.
func sampleKind(format int) string {
	name := C.av_get_sample_fmt_name(C.av_get_packed_sample_fmt(C.enum_AVSampleFormat(format)))
	if name == nil {
		return ""
	}
	return C.GoString(name)
}

func header(frame *astiav.Frame) picture {
	f := (*C.AVFrame)(frame.UnsafePointer())
	p := picture{
		width: int(f.width), height: int(f.height), format: int(f.format),
		key:     f.flags&C.AV_FRAME_FLAG_KEY != 0,
		corrupt: f.flags&C.AV_FRAME_FLAG_CORRUPT != 0 || f.decode_error_flags != 0,
		pts:     int64(f.best_effort_timestamp),
		offset:  int64(C.packet_offset(f)),
		color: video.Color{
			Primaries: int(f.color_primaries), Transfer: int(f.color_trc), Matrix: int(f.colorspace),
			FullRange: f.color_range == C.AVCOL_RANGE_JPEG,
		},
	}
	for i := range p.data {
		p.data[i], p.stride[i] = unsafe.Pointer(f.data[i]), int(f.linesize[i])
	}
	return p
}

// layout says how the samples of a pixel format lie in memory, as far as we hand them out.
type layout struct {
	direct           bool // planar, native byte order, low bits, 8, 10 or 12 of them: no conversion
	grey, rgb        bool
	depth            int
	chromaX, chromaY int
	fullRange        bool // by its name (the yuvj formats)
	known            bool
}

func layoutOf(format int) layout {
	d := C.av_pix_fmt_desc_get(C.enum_AVPixelFormat(format))
	if d == nil || d.flags&C.AV_PIX_FMT_FLAG_HWACCEL != 0 || d.nb_components == 0 {
		return layout{}
	}
	l := layout{
		known: true, depth: int(d.comp[0].depth), grey: d.nb_components <= 2,
		rgb:     d.flags&(C.AV_PIX_FMT_FLAG_RGB|C.AV_PIX_FMT_FLAG_PAL) != 0,
		chromaX: int(d.log2_chroma_w), chromaY: int(d.log2_chroma_h),
	}
	switch format {
	case C.AV_PIX_FMT_YUVJ420P, C.AV_PIX_FMT_YUVJ422P, C.AV_PIX_FMT_YUVJ444P, C.AV_PIX_FMT_YUVJ440P, C.AV_PIX_FMT_YUVJ411P:
		l.fullRange = true
	}
	if l.grey {
		l.chromaX, l.chromaY = 0, 0
	}
	const unusual = C.AV_PIX_FMT_FLAG_BE | C.AV_PIX_FMT_FLAG_PAL | C.AV_PIX_FMT_FLAG_BITSTREAM | C.AV_PIX_FMT_FLAG_RGB |
		C.AV_PIX_FMT_FLAG_BAYER | C.AV_PIX_FMT_FLAG_FLOAT | C.AV_PIX_FMT_FLAG_XYZ
	if d.flags&unusual != 0 || (l.depth != 8 && l.depth != 10 && l.depth != 12) {
		return l
	}
	components := 3
	if l.grey {
		components = 1
	}
	l.direct = true
	for i := range components {
		c := d.comp[i]
		if int(c.plane) != i || c.shift != 0 || c.offset != 0 || int(c.step) != bytesPerSample(l.depth) || int(c.depth) != l.depth {
			l.direct = false
		}
	}
	return l
}

func bytesPerSample(depth int) int {
	if depth > 8 {
		return 2
	}
	return 1
}

// Flags of swscale that go-astiav has no constants for: the same result on every machine, all chroma samples used.
const scaleFlags = C.SWS_ACCURATE_RND | C.SWS_BITEXACT | C.SWS_FULL_CHR_H_INP | C.SWS_FULL_CHR_H_INT | C.SWS_POINT
