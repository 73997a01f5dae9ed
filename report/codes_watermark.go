package report

// watermarkCodes are those about marks in the picture.
var watermarkCodes = []Code{
	{"watermark.found", Informational, "a mark of a generator, or one that was asked for, is in the picture", "docs/accuracy.md, Invisible marks", "Treat the picture as generated; a public mark can be copied, so ask the publisher if much depends on it."},
	{"watermark.weak", Informational, "something like a mark, too weak to count", "docs/accuracy.md, Invisible marks", "Look at more frames (--frames all) or at a less compressed copy."},
	{"watermark.partial", Informational, "a mark is in a part of the clip only", "docs/accuracy.md, Invisible marks", "Another part may come from elsewhere: check the consent for each part."},
	{"watermark.clash", Informational, "a recording is declared and a generator's mark is in the picture", "docs/accuracy.md, Invisible marks", "One of the two is wrong: ask the publisher where the picture comes from."},
	{"watermark.payload", Informational, "an identifier that a network reads is in the picture", "docs/accuracy.md, Marks that networks read", "Look the identifier up where its maker keeps what it stands for; it says nothing about how the picture was made."},
	{"watermark.payloadDoubtful", Informational, "something like an identifier, read once or for no reason in the picture", "docs/accuracy.md, Marks that networks read", "Look at more frames (--frames all) or at a longer or less compressed copy."},
	{"watermark.severalProducers", Informational, "marks of several producers are in the picture", "docs/accuracy.md, Invisible marks", "The clip was put together or went through several generators: look at the time spans."},
	{"watermark.visible", Informational, "something in the picture looks like a visible mark of a generator", "docs/accuracy.md, Visible marks", "Look at the place yourself: captions and textures can look so, and it decides nothing."},
	{"watermark.sound", Informational, "a network takes a sound track for marked", "docs/accuracy.md, Marks in sound", "A hint: listen, and ask the publisher where the voice comes from. Nothing bounds how often it is wrong."},
	{"watermark.soundClash", Informational, "a recording is declared and a sound track looks marked by a generator", "docs/accuracy.md, Marks in sound", "Picture and sound may come from different places: ask the publisher where the voice comes from."},
	{"watermark.detector", Informational, "a detector of somebody else's found a mark, with a bound on its false alarms", "docs/guides/detector.md", "The bound is its vendor's claim: measure it with \"consentry conformance detector\"."},
	{"watermark.detectorHint", Informational, "a detector of somebody else's says something without a bound that counts", "docs/guides/detector.md", "It decides nothing; ask the vendor how often it is wrong."},
	{"watermark.detectorError", Informational, "a detector that was asked for gave no answer", "docs/guides/detector.md", "This is not \"nothing found\": see why, and ask again."},
}
