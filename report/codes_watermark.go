package report

// watermarkCodes are those about marks in the picture.
var watermarkCodes = []Code{
	{"watermark.found", Informational, "a mark of a generator, or one that was asked for, is in the picture", "docs/accuracy.md, Invisible marks", "Treat the picture as generated; a public mark can be copied, so ask the publisher if much depends on it."},
	{"watermark.weak", Informational, "something like a mark, too weak to count", "docs/accuracy.md, Invisible marks", "Look at more frames (--frames all) or at a less compressed copy."},
	{"watermark.partial", Informational, "a mark is in a part of the clip only", "docs/accuracy.md, Invisible marks", "Another part may come from elsewhere: check the consent for each part."},
	{"watermark.clash", Informational, "a recording is declared and a generator's mark is in the picture", "docs/accuracy.md, Invisible marks", "One of the two is wrong: ask the publisher where the picture comes from."},
	{"watermark.severalProducers", Informational, "marks of several producers are in the picture", "docs/accuracy.md, Invisible marks", "The clip was put together or went through several generators: look at the time spans."},
}
