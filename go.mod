module github.com/consentry/consentry

go 1.26
