package ffmpeg

// demuxers maps a container, as found by content, to the demuxer that is forced for it. None of them opens a further
// file or address: playlists (HLS, DASH, concat) are not among them.
var demuxers = map[string]string{
	"mp4": "mov", "mov": "mov", "m4a": "mov", "m4v": "mov", "3gp": "mov", "3g2": "mov", "bmff": "mov",
	"matroska": "matroska", "mkv": "matroska", "webm": "matroska",
	"avi": "avi", "flv": "flv", "mxf": "mxf",
	"mpegts": "mpegts", "ts": "mpegts", "m2ts": "mpegts",
	"mpegps": "mpeg", "ps": "mpeg", "mpg": "mpeg", "vob": "mpeg",
	"wav": "wav", "w64": "w64", "aiff": "aiff", "mp3": "mp3", "flac": "flac", "ogg": "ogg", "aac": "aac",
	"h264": "h264", "hevc": "hevc", "obu": "obu", "ivf": "ivf",
}

// sampleIndex says whether a demuxer's index lists every sample with its place in the file, once the header is read.
func sampleIndex(demuxer string) bool { return demuxer == "mov" }

// startsAnywhere says whether time stamps of a container begin at an arbitrary number (a broadcast clock), so that the
// first one is the file's zero.
func startsAnywhere(demuxer string) bool { return demuxer == "mpegts" || demuxer == "mpeg" }
