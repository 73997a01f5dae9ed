// Package fingerprint computes what a video looks like in few bits: the video signature of each frame (ISO/IEC
// 15938-3:2002/Amd.4), the ISCC Video-Code over them (ISO 24138, algorithm v0, which C2PA lists as io.iscc.v0), codes of
// two seconds at a time for the search in a store, and it reads and compares ISCC units as draft IEP-0020 has them in a
// soft binding.
//
// Two codes that are close say "same picture content", never "unaltered": a face that was replaced in a part of the
// frame moves few bits. The package gives no verdict and no probability; distances are in bits of 256.
//
// Start with [Video]: hand it every frame, then ask for its [Result].
package fingerprint
