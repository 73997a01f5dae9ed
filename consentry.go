// Package consentry takes a video and answers: where does it come from, was it generated, and has every person whom it
// depicts consented, as far as signed declarations can show.
package consentry
