/* same_names.c - a user's own functions that are named like inner ones of the library. The static library must not
 * mind. */
int json_key(void);
int json_key(void)
{
    return 1;
}

int slice_is_zero(void);
int slice_is_zero(void)
{
    return json_key();
}

int error_set(void);
int error_set(void)
{
    return slice_is_zero();
}
