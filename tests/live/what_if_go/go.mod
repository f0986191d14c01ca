module what_if

go 1.19
