// Package watermark looks for open invisible marks in decoded video: dwtDct and dwtDctSvd, as the package
// invisible-watermark writes them and Stable Diffusion's, SDXL's, SVD's and FLUX's own code does. Both change one number
// in each block of 8×8 pixels of one chroma plane, which the decoder's planes hold as they are.
//
// What a mark is, is decided by chance alone: how likely is a correlation with a known message as large as the one
// seen, had the message been drawn by fair coins? All comparisons of one look together stay below one in a million,
// whatever the video shows. What only one comparison's own bound would allow is weak and no mark.
//
// The package refuses to call the absence of a mark a statement: compression removes marks, and most generators write
// none. It decodes no unknown message, since anything can be read from any picture. Start with [New]; hand frames to
// [Detector.Frame], then call [Detector.End].
package watermark
