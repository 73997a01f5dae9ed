//go:build cgo && !noffmpeg

package ffmpeg

/*
#cgo pkg-config: libavformat libavcodec libavutil
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

// refuse stands where libavformat would open a further file for a demuxer.
static int refuse(AVFormatContext *s, AVIOContext **pb, const char *url, int flags, AVDictionary **options) {
	return AVERROR(EPERM);
}

static void refuse_files(AVFormatContext *s) { s->io_open = refuse; }

// find_info reads enough to know the tracks. Probing may decode, so it gets the decoder's limits: an option set for
// each track that is known by now.
static int find_info(AVFormatContext *s, const char *pixels) {
	unsigned n = s->nb_streams;
	AVDictionary **options = NULL;
	if (n > 0) {
		options = av_calloc(n, sizeof(*options));
		if (!options) return AVERROR(ENOMEM);
	}
	int ret = 0;
	for (unsigned i = 0; i < n && ret >= 0; i++) {
		ret = av_dict_set(&options[i], "max_pixels", pixels, 0);
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

// findInfo is avformat_find_stream_info with the limit of pixels for every track. The binding's own method passes one
// dictionary where the function reads one for each track.
func findInfo(fc *astiav.FormatContext, pixels int64) error {
	n := C.CString(strconv.FormatInt(pixels, 10))
	defer C.free(unsafe.Pointer(n))
	if ret := C.find_info(nativeFormat(fc), n); ret < 0 {
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

// limitAllocations bounds a single allocation of libavutil by what a picture of that many pixels can need (four
// components of two bytes) and room for the edges. It holds for tracks that are found while probing, too, which no
// option reaches. The bound belongs to the process, so it only ever grows.
func limitAllocations(pixels int64) {
	const edges = 64 << 20
	allocation.Lock()
	defer allocation.Unlock()
	if most := min(pixels, math.MaxInt64/16)*8 + edges; most > allocation.most {
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
