module tare/tests/go

go 1.19
