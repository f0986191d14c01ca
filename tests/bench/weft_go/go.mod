module weft_go

go 1.19
